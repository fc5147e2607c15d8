# The app, as it runs in production. Built in two stages: compilers and npm stay behind. For linux/amd64, since the
# pinned tools exist for nothing else. The digest is the one that Docker's list of official images
# (docker-library/repo-info) gives for Node 24.21.0; docs/self-hosting.md says how to renew it. `npm run image`
# performs the steps of this file without a Docker engine.
FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
# kubectl, with kustomize inside, and helm: each byte is checked against hashes in this script.
COPY scripts/tools.ts ./scripts/
RUN npm run build && npm run tools && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
# git merges base and head; certificates are for fetching over https. Nothing is installed later.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git ca-certificates \
 && rm -rf /var/lib/apt/lists/* /opt/yarn-* /usr/local/lib/node_modules \
 && install -d -o 1000 -g 1000 /var/cache/ambient-guard
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ambient-guard" \
      org.opencontainers.image.description="Finds what Istio Ambient would cut off, in the pull request that does it." \
      org.opencontainers.image.source="https://github.com/ambient-guard/ambient-guard" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 CACHE_DIR=/var/cache/ambient-guard
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/.tools ./.tools
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 3000
# Beside /tmp, all that the app writes to: everything else may be read-only.
VOLUME /var/cache/ambient-guard
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/cli/main.js", "serve"]
