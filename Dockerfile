# The server and its workers in one image: `make docker-build`. How to run it: docs/how-to/deploy.md.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
# The certificate authorities of your own network, if it has any. They stay in this stage.
COPY deploy/certificates/ /usr/local/share/ca-certificates/
RUN update-ca-certificates
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Another package index: --build-arg PIP_INDEX_URL=... Hashes are checked wherever packages come from.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
RUN python3 -m venv /opt/shoal
WORKDIR /build
COPY constraints.txt constraints-dev.txt ./
# PostgreSQL and Excel files are extras, whose pins are among those for development.
RUN awk '/^[a-z]/ { wanted = /^(psycopg|psycopg-binary|python-calamine)==/ } wanted' constraints-dev.txt > extras.txt \
 && /opt/shoal/bin/pip install -q --require-hashes -r constraints.txt -r extras.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
# Times of whole seconds survive an image; compiled Python and compiled kernels both remember them.
RUN /opt/shoal/bin/pip install -q --no-deps --no-build-isolation --no-index . \
 && find /opt/shoal -exec touch -hd @1700000000 {} + \
 && /opt/shoal/bin/python -m compileall -q -j 0 /opt/shoal/lib

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/shoal --shell /usr/sbin/nologin shoal \
 && install -d -o shoal -g shoal -m 0700 /var/lib/shoal /var/cache/shoal
COPY --from=build /opt/shoal /opt/shoal
COPY deploy/entrypoint.sh /usr/local/bin/entrypoint
ENV PATH=/opt/shoal/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SHOAL_HOME=/var/lib/shoal SHOAL_CACHE_DIR=/var/cache/shoal \
    SHOAL_LISTEN="0.0.0.0:8002 127.0.0.1:8003"
USER shoal
WORKDIR /var/lib/shoal
# What would otherwise be made at the first start: compiled kernels, and the script that draws figures.
RUN python -m shoal.clustering.warm && python -m shoal.studies.bundle
VOLUME /var/lib/shoal
EXPOSE 8002
# Commands in the container, and this check, come by the second listener: they need no token.
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m CMD ["shoal", "ready", "--output", "quiet"]
ENTRYPOINT ["tini", "--", "entrypoint"]
CMD ["shoal", "serve"]
