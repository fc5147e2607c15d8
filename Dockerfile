# The app, as it runs in production. Built in two stages: compilers stay behind.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
# kustomize and helm, pinned by their hashes.
COPY scripts ./scripts
RUN npm run build && npm run tools && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
# git merges base and head; certificates are for fetching over https.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git ca-certificates \
 && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 CACHE_DIR=/var/cache/ambient-guard
RUN install -d -o node -g node /var/cache/ambient-guard
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/.tools ./.tools
USER node
EXPOSE 3000
VOLUME /var/cache/ambient-guard
HEALTHCHECK --interval=30s --timeout=5s CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/cli/main.js", "serve"]
