# The server as an image, see docs/deployment.md. The base image is named by its full tag; to pin its
# content too, give --build-arg PYTHON_IMAGE=python:3.13.15-slim-bookworm@sha256:…
ARG PYTHON_IMAGE=python:3.13.15-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PATH=/opt/build/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements/build.txt requirements/image.txt ./
RUN python3 -m venv /opt/build \
 && python3 -m venv --without-pip /opt/mediafleet \
 && pip install --require-hashes --no-deps --only-binary :all: -r build.txt \
 && pip --python /opt/mediafleet/bin/python \
        install --require-hashes --no-deps --only-binary :all: -r image.txt
COPY . .
RUN pip wheel --no-index --no-deps --no-build-isolation -w /wheels ./client . \
 && pip --python /opt/mediafleet/bin/python install --no-index --no-deps /wheels/*.whl

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Mediafleet" \
      org.opencontainers.image.description="Control plane of a cluster of WebRTC Media Nodes" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --user-group --home-dir /var/lib/mediafleet --create-home \
        --shell /usr/sbin/nologin mediafleet \
 && chmod 0700 /var/lib/mediafleet
COPY --from=build /opt/mediafleet /opt/mediafleet
ENV PATH=/opt/mediafleet/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MEDIAFLEET_BIND_ADDRESS=0.0.0.0 \
    MEDIAFLEET_DATA_DIR=/var/lib/mediafleet
USER 10001:10001
# Holds the store, the secret that the server makes, and the .env file that a restart writes.
WORKDIR /var/lib/mediafleet
VOLUME /var/lib/mediafleet
EXPOSE 5443
# For a server that speaks HTTPS itself, give docker run another --health-cmd.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5443/health/ready', timeout=4)"]
ENTRYPOINT ["mediafleet"]
CMD ["serve"]
