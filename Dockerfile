# The base image by tag. For a build that is the same tomorrow give its digest:
#   docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… .
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
# The manifests alone decide what is installed, so a change of the sources installs nothing again.
WORKDIR /manifests
COPY package.json package-lock.json .npmrc ./
COPY proto/package.json proto/
COPY clients/ledger/package.json clients/ledger/
COPY clients/ledgerctl/package.json clients/ledgerctl/
COPY services/cauldrons/package.json services/cauldrons/
COPY services/embedded-postgres/package.json services/embedded-postgres/
COPY services/kit/package.json services/kit/
COPY services/ledger/package.json services/ledger/
COPY services/peepcoins/package.json services/peepcoins/
COPY services/start-all/package.json services/start-all/
COPY services/storefront/package.json services/storefront/
COPY test/package.json test/
# What the image needs and no more: the embedded Postgres is optional, and a container is given a database.
WORKDIR /image
RUN --mount=type=cache,target=/npm-cache cp -R /manifests/. . && npm ci --cache /npm-cache \
      --omit=dev --omit=optional --workspace=@ledger/service --workspace=@ledger/ledgerctl
WORKDIR /app
RUN --mount=type=cache,target=/npm-cache cp -R /manifests/. . && npm ci --cache /npm-cache
COPY tsconfig.base.json ./
COPY proto proto
COPY clients clients
COPY services services
RUN npm run build && chmod 755 clients/ledgerctl/dist/main.js

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ledger" \
      org.opencontainers.image.description="A gRPC double-entry ledger on Postgres: the server, and ledgerctl" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production LEDGER_LISTEN=0.0.0.0:50051
WORKDIR /app
COPY --from=build /image ./
COPY --from=build /app/proto/dist ./proto/dist
COPY --from=build /app/services/embedded-postgres/dist ./services/embedded-postgres/dist
COPY --from=build /app/services/kit/dist ./services/kit/dist
COPY --from=build /app/services/ledger/dist ./services/ledger/dist
COPY --from=build /app/clients/ledger/dist ./clients/ledger/dist
COPY --from=build /app/clients/ledgerctl/dist ./clients/ledgerctl/dist
# `docker exec … ledgerctl verify` checks all that is booked.
RUN ln -s /app/clients/ledgerctl/dist/main.js /usr/local/bin/ledgerctl
# By number, so that Kubernetes can see that it is not root: the user `node` of the base image.
USER 1000:1000
EXPOSE 50051
# Each check starts Node, for a third of a second of CPU. Kubernetes asks the server itself instead (deploy/kubernetes).
# No --start-interval: Docker before 25 and other builders refuse it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=2 \
  CMD ["node", "services/ledger/dist/main.js", "healthcheck"]
# Semi-spaces of 64 MiB (some 190 MiB of memory a process): call objects are collected before they are copied, which
# saves a tenth of the CPU. Without pretenuring that holds in every process (docs/performance.md).
ENTRYPOINT ["node", "--min-semi-space-size=64", "--max-semi-space-size=64", "--no-allocation-site-pretenuring", "services/ledger/dist/main.js"]
