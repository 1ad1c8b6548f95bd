# syntax=docker/dockerfile:1

FROM rust:1.95-bookworm AS build
# hadolint ignore=DL3008
RUN rustup target add wasm32-unknown-unknown \
    && apt-get update \
    && apt-get install -y --no-install-recommends git nodejs npm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The caches keep what was compiled from one image build to the next; the results leave them for /out.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo xtask build --release --yes \
    && cargo xtask bundle-system /out/system \
    && mkdir -p /out/data \
    && cp -r target/release/thinkheads site /out/

# CA certificates and time zones; no shell, no package manager.
FROM gcr.io/distroless/static-debian12:nonroot
WORKDIR /app
# The catalog is a git repository, and stacks come from others: git, and the C library of the stage above.
COPY --from=build /out/system/ /
COPY --from=build /out/thinkheads /app/thinkheads
COPY --from=build /out/site /app/site
COPY --from=build --chown=65532:65532 /out/data /data
ENV THINKHEADS_ADDR=0.0.0.0:3000 \
    THINKHEADS_DATA_DIR=/data \
    THINKHEADS_SITE_DIR=/app/site
VOLUME /data
EXPOSE 3000
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 CMD ["/app/thinkheads", "healthcheck"]
ENTRYPOINT ["/app/thinkheads"]
CMD ["serve"]
