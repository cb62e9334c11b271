# One image for all workers: the command names the script. Debian's variant, since its bash asks for a worker's health at no
# cost, where a Deno of its own would take a tenth of a second of a core each time.

FROM denoland/deno:2.9.6 AS dependencies
WORKDIR /app
COPY deno.json deno.lock ./
COPY shared shared
COPY producers producers
COPY consumers consumers
COPY migrations migrations
COPY history history
COPY local/command.ts local/command.ts
COPY local/exchange local/exchange
# Deno fetches all packages that deno.json names: those that only tests and the dashboard's code import are taken out. The others are of
# the versions in deno.lock. The scripts' TypeScript is compiled with it.
RUN sed -i -E '/"(@grafana|@types|fast-check|node-forge)/d' deno.json
RUN deno cache producers/*.ts consumers/*.ts migrations/migrate.ts migrations/retention.ts history/history.ts local/exchange/main.ts

FROM denoland/deno:2.9.6
LABEL org.opencontainers.image.title="Bookline" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=dependencies /deno-dir /deno-dir
COPY --from=dependencies /app /app
# The commit, for the log: docker compose build --build-arg BOOKLINE_BUILD=$(git describe --always --dirty)
ARG BOOKLINE_BUILD=
ENV BOOKLINE_BUILD=$BOOKLINE_BUILD
# Probes and Prometheus reach a container from outside.
ENV NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 HEALTH_HOST=0.0.0.0
# deno, as a number, by which Kubernetes can tell that it is not root.
USER 1993:1993
# The permissions and the heap of the tasks in deno.json; nothing is fetched at run time.
ENTRYPOINT ["/tini", "--", "deno", "run", "--cached-only", "--v8-flags=--max-semi-space-size=2,--heap-growing-percent=100", "--allow-net", "--allow-env", "--allow-sys=hostname"]
CMD ["--help"]
