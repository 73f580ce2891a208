# palate serve on a processor: two stages, no compiler and no root in what runs.
#
#   docker build --tag palate .
#   docker run --rm --publish 8765:8765 --volume "$PWD/runs/clicks:/run/palate:ro" --volume palate:/var/lib/palate palate
#
# Without keys the service answers on its own machine only, which inside of a container is nobody: make a key first, see
# docs/deployment.md.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY src ./src
# what the extras are for: serve: HTTP; client: the health check; text and minilm: new items of runs that read texts
ARG EXTRAS=serve,client
RUN python -m venv /opt/palate \
    && /opt/palate/bin/pip install --constraint constraints.txt ".[${EXTRAS}]"

FROM python:3.12-slim
RUN groupadd --gid 10001 palate \
    && useradd --uid 10001 --gid palate --no-create-home --shell /usr/sbin/nologin palate \
    && install --directory --owner palate --group palate /var/lib/palate /var/cache/palate
COPY --from=build /opt/palate /opt/palate
ENV PATH=/opt/palate/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PALATE_CACHE=/var/cache/palate \
    PALATE_SERVE_RUN=/run/palate \
    PALATE_SERVE_DATA=/var/lib/palate \
    PALATE_SERVE_HOST=0.0.0.0 \
    PALATE_SERVE_PORT=8765
USER 10001:10001
VOLUME ["/var/lib/palate"]
EXPOSE 8765
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from palate import Client; Client().ready()"]
ENTRYPOINT ["palate"]
CMD ["serve"]
