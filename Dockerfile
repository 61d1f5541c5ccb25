# One image for every role of the desk; docker-compose.yml says which command each service runs.
FROM python:3.11-slim AS build
WORKDIR /desk
COPY run requirements*.lock package.json package-lock.json .npmrc ./
COPY app ./app
# An image is built once: pip, uv and Node stay in this stage.
RUN ./run setup

FROM python:3.11-slim
WORKDIR /desk
COPY --from=build /desk/.venv ./.venv
COPY . .
COPY --from=build /desk/app/web/static/build ./app/web/static/build
RUN useradd --system --home-dir /desk --uid 900 desk && mkdir /data && chown desk /data
USER desk
ENV PATH=/desk/.venv/bin:$PATH PYTHONUNBUFFERED=1 SUPORT_DATA=/data
VOLUME /data
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--threads", "240", "app.supervision.web_server:application()"]
