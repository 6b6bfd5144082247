# A peer or a tracker of Waybill in a container: no root, one volume, a health check. docs/containers.md says how it is
# used, and what of it was tried. Any base with Node >= 24 and npm will do.
ARG BASE=docker.io/library/node:26-slim

FROM ${BASE} AS build
WORKDIR /app
COPY . .
# The page is built by what a newcomer runs; the compilers and the browser for tests stay behind, and so does the Node
# that comes as a package, because the base has one.
RUN node tools/run.mjs --build-only \
 && npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/node node_modules/.bin/node node_modules/node-bin-* \
 && mkdir -p node_modules/node/bin \
 && ln -s "$(command -v node)" node_modules/node/bin/node \
 && find node_modules \( -name '*.map' -o -name '*.d.ts' -o -path '*/src/*.ts' \) -type f -delete

FROM ${BASE}
ENV NODE_ENV=production \
    WAYBILL_DATA=/data
COPY --from=build /app/package.json /app/LICENSE /app/
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY --from=build /app/networks /app/networks
COPY --from=build /app/bin /app/bin
COPY --from=build /app/src /app/src
COPY --from=build /app/tools/setup/node-flags.mjs /app/tools/setup/node-flags.mjs
RUN ln -s /app/bin/waybill.mjs /usr/local/bin/waybill \
 && mkdir /data \
 && chown 1000:1000 /data
USER 1000:1000
VOLUME /data
# Peer: libp2p over TCP, announcements over UDP, and its page. Tracker: libp2p, web port, STUN.
EXPOSE 28411/tcp 28411/udp 4747/tcp 28412/tcp 4748/tcp 3478/udp 3479/udp
HEALTHCHECK --interval=20s --timeout=10s --start-period=20s --retries=3 CMD ["waybill", "status", "--json"]
ENTRYPOINT ["waybill"]
CMD ["start", "--no-open", "--ui-host", "0.0.0.0"]
