# Two stages: dependencies at their locked versions, then the source on a small image without a compiler.
FROM python:3.13-slim AS build
WORKDIR /srv/rollcall
RUN python -m venv /srv/venv
COPY requirements/runtime.txt requirements/
RUN /srv/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /srv/rollcall rollcall \
    && mkdir -p /srv/rollcall/var && chown rollcall /srv/rollcall/var
COPY --from=build /srv/venv /srv/venv
WORKDIR /srv/rollcall
COPY alembic.ini ./
COPY migrations migrations
COPY app app
RUN printf '#!/bin/sh\nexec /srv/venv/bin/python -m app.cli "$@"\n' > /usr/local/bin/rollcall \
    && chmod 755 /usr/local/bin/rollcall
USER rollcall
ENV PYTHONUNBUFFERED=1 PYTHONPATH=/srv/rollcall ROLLCALL_DATABASE_URL=sqlite:////srv/rollcall/var/rollcall.db
VOLUME /srv/rollcall/var
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["/srv/venv/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["rollcall", "serve", "--host", "0.0.0.0", "--port", "8000"]
