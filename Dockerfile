# The action's image: one static binary, certificate authorities, and the few commands with which
# runners on Kubernetes start a step. Builds for x86-64 and arm64, each on its own platform.

FROM rust:1.95.0-alpine AS build
# The newest of the image's own Alpine release is wanted, above all of the certificate authorities.
# hadolint ignore=DL3018
RUN apk add --no-cache build-base busybox-static ca-certificates-bundle
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY simulator simulator
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
COPY --from=build /out/ /
# No USER: the runner's files belong to a user that only root can write as.
ENTRYPOINT ["/copilot-activity-report"]
