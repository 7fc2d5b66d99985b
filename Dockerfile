# The action's image: one static binary, certificate authorities, and the few commands with which
# runners on Kubernetes start a step. Builds for x86-64 and arm64, each on its own platform.

FROM rust:1.99.0-alpine@sha256:0cce0a5e0e8ba67b455257a3a02a1d99005f382748789d6464460028810f1627 AS build
# The newest of the image's own Alpine release is wanted, above all of the certificate authorities.
# hadolint ignore=DL3018
RUN apk add --no-cache build-base busybox-static ca-certificates-bundle
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY src src
COPY templates templates
COPY simulator simulator
# The commit that the program records as its own. Only release/image sets it.
ARG SOURCE_COMMIT
RUN cargo build --release --locked --package copilot-activity-report --bin copilot-activity-report
# Everything that the final image has, at its place below /out.
RUN mkdir -p /out/bin /out/etc/ssl/certs /out/tmp \
    && chmod 1777 /out/tmp \
    && cp target/release/copilot-activity-report /out/ \
    && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ \
    && cp /bin/busybox.static /out/bin/busybox \
    && for command in sh env tail mv tar rm find stat chmod cat cp ls mkdir sleep; do \
           ln -s busybox "/out/bin/$command"; \
       done

FROM scratch
# Those that are the same in every build; release/image adds version, revision, time and source.
LABEL org.opencontainers.image.title="Copilot Activity Report" \
      org.opencontainers.image.description="Takes GitHub's Copilot activity report on a schedule and delivers it as a workflow artifact, a verified commit, or both." \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /out/ /
# No USER: the runner's files belong to a user that only root can write as.
ENTRYPOINT ["/copilot-activity-report"]
