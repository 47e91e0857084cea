# The web server: the library, which the instance names, and no client.
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DAGSTER_HOME=/dagster
WORKDIR /app
COPY pyproject.toml README.md LICENSE requirements.lock requirements-uv.lock ./
COPY src src
RUN pip install --no-cache-dir --require-hashes --requirement requirements-uv.lock \
 && uv pip install --system --no-cache --constraint requirements.lock .
RUN rm -r src && useradd --create-home --uid 1000 consulting && mkdir /dagster && chown consulting /dagster
USER consulting
EXPOSE 3000
CMD ["dagster-webserver", "--host", "0.0.0.0", "--port", "3000", "--workspace", "/dagster/workspace.yaml"]
