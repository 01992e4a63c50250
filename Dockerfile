# The service with its model inside. TORCH_INDEX names where CPU builds of PyTorch lie: the usual ones carry gigabytes of
# CUDA. Once built, the image needs no network.

FROM python:3.11-slim-bookworm AS build
ARG TORCH_INDEX=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PATH=/opt/kilde/bin:$PATH
RUN python -m venv /opt/kilde
WORKDIR /src
COPY constraints.txt pyproject.toml ./
RUN pip install -c constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch setuptools
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
      > requirements.txt \
    && pip install -c constraints.txt -r requirements.txt
COPY README.md LICENSE ./
COPY index index
COPY rag rag
COPY evals evals
COPY prompts prompts
RUN pip install --no-build-isolation --no-deps .
RUN python -c "from pathlib import Path; from index.bundled_model import ensure_unpacked; ensure_unpacked(Path('/opt/models'))"

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --home-dir /data --uid 10001 kilde
COPY --from=build /opt/kilde /opt/kilde
COPY --from=build /opt/models /opt/models
ENV PATH=/opt/kilde/bin:$PATH HOME=/data KILDE_DATA_DIR=/data KILDE_MODEL_DIR=/opt/models KILDE_HOST=0.0.0.0
USER kilde
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["kilde"]
CMD ["serve"]
