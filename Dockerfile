# syntax=docker/dockerfile:1

# The binary is static and carries its definitions; the image that runs it
# holds nothing else but root certificates (for TLS to MongoDB) and two folders
# that it may write.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X caseway/server/command.version=${VERSION}" -o /caseway . \
 && mkdir -p /empty/data /empty/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /empty/ /
COPY --from=build /caseway /caseway
USER 65532:65532
VOLUME /data
EXPOSE 8080
# A container's address isn't loopback: whoever starts it gives it a login and TLS
# (or a proxy that has it), or says that its network is closed. See
# docs/operate/container.md.
ENV CASEWAY_LISTEN=0.0.0.0:8080 \
    CASEWAY_STORE=sqlite:/data/caseway.db
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/caseway", "health"]
ENTRYPOINT ["/caseway"]
CMD ["serve"]
