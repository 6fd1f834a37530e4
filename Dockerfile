# The image of groomer: docker build -t groomer . (or buildah bud, podman build), from a clean clone. About ten minutes on two cores.
#   --build-arg BASE=…       another Debian, 12 or newer; with @sha256:… always the same
#   --build-arg REVISION=…   the commit, for `groomer version` and the labels: $(git rev-parse --short=12 HEAD)
# The same base and the same state of Debian's archive give the same packages: /usr/share/groomer/packages lists their versions.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM $BASE AS build
ARG REVISION=unknown
WORKDIR /src
# What is needed first, so that a changed source does not install it again.
COPY deploy/local/packages deploy/local/
RUN deploy/local/packages build
COPY CMakeLists.txt CMakePresets.json ./
COPY src src
COPY bench/CMakeLists.txt bench/
RUN cmake --preset release && GROOMER_REVISION="$REVISION" cmake --build --preset release --target groomer
# The packages that hold the libraries which the binary loads.
RUN mkdir /out && cp build/release/groomer /out/ && \
    ldd /out/groomer | awk '/=> \// { print $3 }' | xargs -n 1 realpath | sed 's#^/usr##; s#^#*#' | xargs dpkg-query -S | \
    cut -d: -f1 | sort -u >/out/packages

FROM $BASE
ARG REVISION=unknown
COPY --from=build /out/packages /tmp/packages
# Logs and caches carry the time of the build.
RUN apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates $(cat /tmp/packages) && \
    apt-get clean && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache /tmp/* && \
    mkdir /usr/share/groomer && dpkg-query -W >/usr/share/groomer/packages
COPY --from=build /out/groomer /usr/local/bin/groomer
# Does it find all of its libraries?
RUN ["/usr/local/bin/groomer", "version"]
LABEL org.opencontainers.image.title="groomer" \
      org.opencontainers.image.description="Keeps issue backlogs groomed" \
      org.opencontainers.image.source="https://github.com/groomer/groomer" \
      org.opencontainers.image.documentation="https://github.com/groomer/groomer/blob/main/docs/install.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$REVISION"
# A number, so that Kubernetes can tell that it is not root. Nothing is written to the root: run it read-only.
USER 65532:65532
WORKDIR /
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/groomer"]
CMD ["run"]
