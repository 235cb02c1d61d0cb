# Terrace as one process: `terrace serve` with SQLite on a volume, or with the Postgres that DATABASE_URL names.
# `npm run check:image` runs these commands where there is no container engine.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination /tmp && mv /tmp/terrace-*.tgz /tmp/terrace.tgz

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /tmp/terrace.tgz /tmp/terrace.tgz
RUN npm init --yes >/dev/null \
  && npm install --ignore-scripts --no-audit --no-fund /tmp/terrace.tgz better-sqlite3@13 pg@8 ws@8 yjs@13 \
  && rm /tmp/terrace.tgz \
  && npm cache clean --force \
  && mkdir /data \
  && chown node:node /data

# Where nothing else is configured, the database is /data/terrace/terrace.db.
ENV XDG_DATA_HOME=/data
VOLUME /data
USER node
EXPOSE 4000

# Waits for the migrations, which run before anything is served.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4000/health/db').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# So that `docker compose run --rm terrace doctor --identifier terrace` works as well.
ENTRYPOINT ["node", "node_modules/terrace/dist/cli/main.js"]
CMD ["serve", "--identifier", "terrace", "--host", "0.0.0.0", "--port", "4000"]
