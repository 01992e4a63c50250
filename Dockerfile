# The service with its model inside. TORCH_INDEX names where CPU builds of PyTorch lie: the usual ones carry gigabytes of
# CUDA. Once built, the image needs no network, and nothing in it may be written but /data and /tmp.

FROM python:3.11-slim-bookworm AS build
ARG TORCH_INDEX=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PATH=/opt/kilde/bin:$PATH
RUN python -m venv /opt/kilde
WORKDIR /src
COPY constraints.txt pyproject.toml ./
RUN pip install -c constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch setuptools
RUN python -c "import torch; assert torch.version.cuda is None, 'not a CPU build of PyTorch: set TORCH_INDEX to the index that its site names'"
RUN python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; extras = project['optional-dependencies']; print(*project['dependencies'], *extras['postgres'], *extras['redis'], sep='\n')" \
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
ENV PATH=/opt/kilde/bin:$PATH HOME=/data PYTHONDONTWRITEBYTECODE=1 \
    KILDE_DATA_DIR=/data KILDE_MODEL_DIR=/opt/models KILDE_HOST=0.0.0.0 \
    HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1
USER kilde
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["kilde"]
CMD ["serve"]
