# Stepwell: the pinned dependencies, then the application, run by a user who owns none of it.
FROM python:3.12-slim-bookworm AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/app.txt /tmp/app.txt
RUN python -m venv /opt/stepwell \
  && /opt/stepwell/bin/python -m pip install --require-hashes --only-binary :all: -r /tmp/app.txt

FROM python:3.12-slim-bookworm
# .stepwell holds bulk exports, and an embedded Postgres only where DATABASE_URL is not set.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin stepwell \
  && install -d -m 0755 /srv/stepwell \
  && install -d -m 0700 -o stepwell -g stepwell /srv/stepwell/.stepwell /srv/stepwell/.stepwell/exports
COPY --from=dependencies /opt/stepwell /opt/stepwell
WORKDIR /srv/stepwell
COPY alembic.ini LICENSE ./
COPY migrations migrations
COPY fhir_mappings fhir_mappings
COPY app app
ENV PATH=/opt/stepwell/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
  STEPWELL_HOST=0.0.0.0 STEPWELL_PORT=8000
RUN python -m compileall -q app fhir_mappings
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, http.client as h; c = h.HTTPConnection('127.0.0.1', int(os.environ['STEPWELL_PORT']), timeout=4); c.request('GET', '/health/live'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
