package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	client "example.com/mediafleet/client"
)

var id = "kms_Unknown1"

func connect(variable, secret string) (*client.APIClient, context.Context) {
	configuration := client.NewConfiguration()
	configuration.Servers = client.ServerConfigurations{{URL: os.Getenv(variable)}}
	pair := client.BasicAuth{UserName: "OPENVIDUAPP", Password: secret}
	return client.NewAPIClient(configuration), context.WithValue(context.Background(), client.ContextBasicAuth, pair)
}

func step(name string, answer *http.Response, err error, show func() any) {
	var failure *client.GenericOpenAPIError
	var shown any = ""
	switch {
	case errors.As(err, &failure):
		switch body := failure.Model().(type) {
		case client.ErrorBody:
			shown = body.Message
		case client.OpenViduHealthOrError:
			shown = body.OpenViduHealth.Status
		default:
			panic(fmt.Sprintf("%s: %v: %s", name, err, failure.Body()))
		}
	case err != nil:
		panic(err)
	case show != nil:
		shown = show()
	}
	fmt.Printf("%s\t%d\t%v\n", name, answer.StatusCode, shown)
}

func main() {
	all, ctx := connect("URL", os.Getenv("SECRET"))
	api := all.MediaNodesAPI
	list, answer, err := api.ListMediaNodes(ctx).Sessions(true).Execute()
	step("list", answer, err, func() any { return list.NumberOfElements })
	for _, each := range [][3]string{
		{"list, refused", "URL", "wrong"},
		{"list, broken", "BROKEN", os.Getenv("SECRET")},
		{"list, frozen", "FROZEN", os.Getenv("SECRET")},
	} {
		other, with := connect(each[1], each[2])
		_, answer, err = other.MediaNodesAPI.ListMediaNodes(with).Execute()
		step(each[0], answer, err, nil)
	}
	_, answer, err = api.GetMediaNode(ctx, id).Execute()
	step("get, unknown", answer, err, nil)

	add := func(name, uri string) {
		body := client.NewMediaNodeToAdd()
		body.SetUri(uri)
		node, answer, err := api.AddMediaNode(ctx).Wait(true).MediaNodeToAdd(*body).Execute()
		step(name, answer, err, func() any { id = node.Id; return node.Status })
	}
	nothing := *client.NewMediaNodeToAdd() // without it the client sends the JSON value null
	_, answer, err = api.AddMediaNode(ctx).MediaNodeToAdd(nothing).Execute()
	step("add, nothing", answer, err, nil)
	add("add, malformed", "http://127.0.0.1/")
	add("add, too large", strings.Repeat("w", 1<<20))
	add("add, unreachable", "ws://127.0.0.1:9/kurento")
	launching, with := connect("LAUNCHING", os.Getenv("SECRET"))
	_, answer, err = launching.MediaNodesAPI.AddMediaNode(with).Wait(true).MediaNodeToAdd(nothing).Execute()
	step("add, launch fails", answer, err, nil)
	add("add", os.Getenv("NODE"))
	add("add, again", os.Getenv("NODE"))

	node, answer, err := api.GetMediaNode(ctx, id).Sessions(true).ExtraInfo(true).Execute()
	step("get", answer, err, func() any { return node.Status })
	later, with := connect("LATER", os.Getenv("SECRET"))
	node, answer, err = later.MediaNodesAPI.GetMediaNode(with, id).Execute()
	step("get, later version", answer, err, func() any { return node.Id })
	patch := func(name string, status client.RequestableMediaNodeStatus) {
		node, answer, err := api.ModifyMediaNode(ctx, id).MediaNodePatch(*client.NewMediaNodePatch(status)).Execute()
		step(name, answer, err, func() any { return node.Status })
	}
	patch("patch, forbidden", client.REQUESTABLEMEDIANODESTATUS_CANCELED)
	answer, err = api.RemoveMediaNode(ctx, id).Execute()
	step("remove, busy", answer, err, nil)
	patch("patch", client.REQUESTABLEMEDIANODESTATUS_WAITING_IDLE_TO_TERMINATE)
	patch("patch, back", client.REQUESTABLEMEDIANODESTATUS_RUNNING)

	limit := client.NewDrainLimit()
	limit.SetDeadline(3600)
	limit.SetAtDeadline(client.ATDEADLINE_ABORT)
	drain, answer, err := api.DrainMediaNode(ctx, id).Force(true).DrainLimit(*limit).Execute()
	step("drain", answer, err, func() any { return drain.GetAtDeadline() })
	drain, answer, err = api.GetMediaNodeDrain(ctx, id).Execute()
	step("drain, get", answer, err, func() any { return drain.Status })
	answer, err = api.EndMediaNodeDrain(ctx, id).Execute()
	step("drain, end", answer, err, nil)

	answer, err = api.RemoveMediaNode(ctx, id).DeletionStrategy(client.DELETIONSTRATEGY_WHEN_NO_SESSIONS).Execute()
	step("remove, later", answer, err, nil)
	answer, err = api.RemoveMediaNode(ctx, id).Wait(true).DeletionStrategy(client.DELETIONSTRATEGY_NOW).Execute()
	step("remove", answer, err, nil)
	health, answer, err := all.OpenviduAPI.OpenviduGetHealth(ctx).Execute()
	step("health", answer, err, func() any { return health.Status })
}
