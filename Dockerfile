# The server for agents over HTTP. Every other command works too: docker run IMAGE check --config …
# By exact version. A release gives both with the digest that it was built from: docs/releasing.md.
ARG NODE_IMAGE=node:24.19.0-trixie-slim
ARG DEBIAN_IMAGE=debian:13.6-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY sandbox sandbox
COPY scripts scripts
COPY src src
COPY tools tools
RUN npm run build

# Node and the bundle alone: neither npm, nor a compiler, nor a dependency is in the image that runs.
FROM ${DEBIAN_IMAGE}
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /app/dist dist
# No other machine can reach a container's loopback. What is reached from outside needs --public-url as well.
ENV NODE_ENV=production \
    WORKOS_MCP_HOST=0.0.0.0
# By number, so that Kubernetes can see that it is not root. Nothing in the image belongs to it, and nothing is written.
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# /healthz says that the process answers; /readyz, that it can do its work. Where the server has a certificate of its own
# (--tls-cert), or listens elsewhere than WORKOS_MCP_PORT says, the check needs to be told.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKOS_MCP_PORT || 8080}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["http", "--config", "/etc/workos-mcp/workos-mcp.yaml"]
