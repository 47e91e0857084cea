# Code server, daemon and `consulting serve`: the library, and the project with its clients.
# A project of your own has a Dockerfile (`consulting new` writes it): build that in place of this one.
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DAGSTER_HOME=/dagster
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --editable .
COPY dbt dbt
COPY deploy/compose/dagster.yaml deploy/compose/workspace.yaml /dagster/
# the clients' dbt models are parsed here, so that no start waits for it
RUN consulting prepare && useradd --create-home --uid 1000 consulting && mkdir -p /data \
 && chown -R consulting /app /data /dagster
USER consulting
VOLUME /data
EXPOSE 4000
CMD ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", "4000", "--module-name", "consulting.definitions"]
