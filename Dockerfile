# Stepwell behind an operator's own Postgres (DATABASE_URL); no embedded Postgres inside.
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements/app.txt .
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r app.txt

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home stepwell
WORKDIR /srv/stepwell
COPY --from=build /venv /venv
COPY alembic.ini pyproject.toml LICENSE ./
COPY app app
COPY fhir_mappings fhir_mappings
COPY migrations migrations
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    STEPWELL_HOST=0.0.0.0 STEPWELL_PORT=8000
USER stepwell
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["python", "-m", "app", "serve"]
