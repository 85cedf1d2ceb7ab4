"""A request that comes again is handled like the first time."""

LINE = "/pro/jars?open=true&limit=3"


def test_a_request_that_comes_again_is_served_again(ask, jars):
    assert [ask("GET", LINE).status for _ in range(3)] == [200, 200, 200]
    assert len(jars.calls) == 3
    assert all(call == jars.calls[0] for call in jars.calls)
    assert jars.calls[0][1]["limit"] == 3


def test_credentials_are_checked_every_time(ask, jars):
    assert ask("GET", LINE).status == 200
    assert ask("GET", LINE, credentials=False).status == 401
    assert ask("GET", LINE).status == 200
    assert len(jars.calls) == 2


def test_an_error_is_found_every_time(ask, jars):
    assert [ask("GET", "/pro/jars?limit=many").status for _ in range(3)] == [400, 400, 400]
    assert jars.calls == []


def test_other_methods_of_the_same_line_are_distinguished(ask):
    assert ask("GET", "/pro/jars").status == 200
    head = ask("HEAD", "/pro/jars")
    assert (head.status, head.body) == (200, b"")
    assert ask("OPTIONS", "/pro/jars").status == 204
    assert ask("TRACE", "/pro/jars").status == 405


def test_a_body_where_none_belongs_is_read_away_also_the_second_time(ask, jars):
    for _ in range(2):
        assert ask("GET", LINE).status == 200
        assert ask("GET", LINE, body=b"{}").status == 200
    assert len(jars.calls) == 4
