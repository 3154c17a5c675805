# The server and the local marketplace in one small image. State is kept in the volume.
#   docker build -t sota-mcp .
#   docker run -i --rm -v sota:/home/node/.sota sota-mcp --local
FROM node:24-alpine AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build.mjs --quiet --clean && find dist -name '*.map' -delete

FROM node:24-alpine
ENV NODE_ENV=production
COPY --from=build /build/package.json /build/LICENSE /app/
COPY --from=build /build/dist /app/dist
# The folder has to exist and to be the user's, or the volume would be root's.
RUN mkdir -m 700 /home/node/.sota && chown node:node /home/node/.sota
USER node
WORKDIR /home/node
VOLUME /home/node/.sota
ENTRYPOINT ["node", "/app/dist/sota-mcp.js"]
