# Code server, daemon and `consulting serve`: the library, and the project with its clients.
# A project of your own has a Dockerfile (`consulting new` writes it): build that in place of this one.
FROM python:3.11-slim
# what sources, channels and machines need besides: see pyproject.toml
ARG EXTRAS=apprise,sftp
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DAGSTER_HOME=/dagster
WORKDIR /app
COPY pyproject.toml README.md LICENSE requirements.lock requirements-uv.lock ./
COPY src src
# the locked packages: another version of some can change the bytes of a delivery
RUN pip install --no-cache-dir --require-hashes --requirement requirements-uv.lock \
 && uv pip install --system --no-cache --constraint requirements.lock --editable ".[$EXTRAS]"
COPY dbt dbt
# the clients' dbt models are parsed here, so that no start waits for it
RUN consulting prepare && useradd --create-home --uid 1000 consulting && mkdir -p /data /dagster \
 && chown -R consulting /app /data /dagster
USER consulting
VOLUME /data
EXPOSE 4000
CMD ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", "4000", "--module-name", "consulting.definitions"]
