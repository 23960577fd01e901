# The product in an image: dependencies are built in one stage, and only the result is taken into the other.

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.txt .
RUN .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
# The servers are given here: only what backs them up stays of the embedded ones.
RUN bin/without-servers .venv/lib/python3.11/site-packages
# Translations and static files are part of the image. Nothing here asks a database or a queue.
ENV DATABASE_URL=postgres://nobody@localhost/none REDIS_URL=redis://localhost SECRET_KEY=building \
    VAR_DIR=/building STATIC_ROOT=/app/static-collected STATIC_MANIFEST=true
RUN .venv/bin/python manage.py compile_translations \
    && .venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin smarketing \
    && install --directory --owner smarketing --mode 0700 /data
WORKDIR /app
COPY --from=build /app /app
# gunicorn takes the number of its processes from WEB_CONCURRENCY.
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 WEB_CONCURRENCY=2 \
    VAR_DIR=/data STATIC_ROOT=/app/static-collected STATIC_MANIFEST=true PORT=8000
USER smarketing
VOLUME /data
EXPOSE 8000
# Whether this process lives. Whether all that it needs works as well is /healthz, which a load balancer asks.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=8)"]
CMD ["gunicorn", "smarketing.wsgi", "--preload", "--no-control-socket", "--bind", "0.0.0.0:8000", \
     "--worker-class", "gthread", "--threads", "4", "--timeout", "60", "--graceful-timeout", "10", \
     "--limit-request-line", "8190", "--worker-tmp-dir", "/dev/shm", "--log-level", "warning", \
     "--logger-class", "smarketing.logs.GunicornLogger"]
