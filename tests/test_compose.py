"""The composed services: valid by the specification's schema, set by settings that exist, shut off and bounded.

``make stack`` starts them as programs of one machine with the settings of these files; no test here runs a container.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from evals.stack.composed import options, settings
from rag.settings import Settings, load_settings

REPOSITORY = Path(__file__).resolve().parent.parent
SCHEMA = Path(__file__).parent / "browser" / "node_modules" / "dclint" / "schemas" / "compose.schema.json"
FILES = ("compose.yaml", "compose.stack.yaml")
ENGINES = ("postgres", "chroma", "valkey")
MODEL = "llm"
REACHABLE = {"proxy": "8080", "grafana": "3000"}


def composed(file: str = "compose.stack.yaml") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / file).read_text("utf-8"))
    return loaded


SERVICES: dict[str, Any] = composed()["services"]
OWN = [name for name, service in SERVICES.items() if service["image"] == "kilde"]


@pytest.mark.parametrize("file", FILES)
def test_the_file_is_valid_by_the_schema_of_the_compose_specification(file: str) -> None:
    if not SCHEMA.exists():
        pytest.skip("the schema is not installed: npm install --prefix tests/browser --no-package-lock")
    validator = Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert [error.message for error in validator.iter_errors(composed(file))] == []
    assert not validator.is_valid({"services": {"api": {"port": ["8000"]}}})


@pytest.mark.parametrize("name", OWN)
def test_every_setting_of_a_process_exists(name: str) -> None:
    variables = SERVICES[name]["environment"]
    wanted = {variable.removeprefix("KILDE_").removesuffix("_FILE").lower() for variable in variables}
    assert all(variable.startswith("KILDE_") for variable in variables)
    assert wanted <= set(Settings.__struct_fields__)


def test_the_settings_of_the_processes_can_be_loaded(tmp_path: Path) -> None:
    for name, value in {"database_url": "postgresql://kilde@127.0.0.1/kilde\n", "admin_key": "k3y\n"}.items():
        (tmp_path / name).write_text(value)
    places = {name: str(tmp_path / name) for name in ("database_url", "admin_key")}
    engines = {"chroma:8000": "127.0.0.1:1", "valkey:6379": "127.0.0.1:2"}
    loaded = load_settings(settings("api-a", {**places, **engines}), tmp_path / "kilde.toml")
    assert loaded.catalog_url == "postgresql://kilde@127.0.0.1/kilde"
    assert loaded.cache_url == "redis://127.0.0.1:2/0"
    assert loaded.admin_key == "k3y"
    assert loaded.drain_s == 10


def test_both_processes_have_the_same_settings_and_a_folder_each() -> None:
    a, b = SERVICES["api-a"], SERVICES["api-b"]
    assert a["environment"] == b["environment"]
    folders = {volume.split(":")[0] for service in (a, b) for volume in service["volumes"] if volume.endswith(":/data")}
    assert folders == {"data-a", "data-b"}


def test_only_the_proxy_and_the_dashboard_are_published_and_only_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert {name: ports[0].rpartition(":")[2] for name, ports in published.items()} == REACHABLE
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_engines_have_no_way_out_and_none_in() -> None:
    assert composed()["networks"]["engines"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in ENGINES] == [["engines"]] * len(ENGINES)
    assert "engines" not in SERVICES["proxy"]["networks"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_bounded_and_cannot_write_or_gain_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["healthcheck"]


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_built_here_or_named_with_its_version(name: str) -> None:
    service = SERVICES[name]
    assert "build" in service or re.search(r":v?\d+\.\d+[\w.-]*$", service["image"])


def test_the_chroma_server_has_the_version_of_its_client() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    (pinned,) = [name for name in project["dependencies"] if name.startswith("chromadb==")]
    assert SERVICES["chroma"]["image"] == f"chromadb/chroma:{pinned.removeprefix('chromadb==')}"


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_uses_is_declared_or_in_the_repository(name: str) -> None:
    whole, service = composed(), SERVICES[name]
    wanted = {secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", [])}
    assert wanted <= set(whole["secrets"])
    for source in (volume.split(":")[0] for volume in service.get("volumes", [])):
        if not source.startswith("$"):
            assert (REPOSITORY / source).is_file() if source.startswith("./") else source in whole["volumes"]


def test_no_secret_is_a_value_in_the_file() -> None:
    secret = re.compile(r"password|token|_key|database_url", re.IGNORECASE)
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            assert not secret.search(variable) or str(value).startswith("/run/secrets/")


def test_secrets_reach_no_commit_and_no_image() -> None:
    assert "/secrets/" in (REPOSITORY / ".gitignore").read_text("utf-8").splitlines()
    assert (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()[1] == "*"


def test_the_proxy_names_both_processes_asks_for_their_health_and_shows_no_metrics() -> None:
    told = (REPOSITORY / "deploy" / "haproxy.cfg").read_text("utf-8")
    assert set(re.findall(r'"\$\{(\w+)\}"', told)) == set(SERVICES["proxy"]["environment"])
    for line in ("option httpchk", "option forwardfor", "uri /health/ready", "deny_status 404"):
        assert line in told
    assert "bufsize" not in told


def test_prometheus_asks_each_process_itself() -> None:
    told = yaml.safe_load((REPOSITORY / "deploy" / "prometheus.yml").read_text("utf-8"))
    (job,) = told["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["api-a:8000", "api-b:8000"]}]
    assert "metrics_path" not in job


def test_the_options_of_an_engine_are_those_behind_its_program() -> None:
    assert options("valkey")[:4] == ["--save", "", "--appendonly", "no"]
    assert options("postgres") == ["-c", "max_connections=200", "-c", "shared_buffers=512MB"]


class TestImage:
    """The Dockerfile's last stage is what runs, the one before it what builds."""

    text = (REPOSITORY / "Dockerfile").read_text("utf-8")
    build, final = text.split("\nFROM ")[1:]

    def test_it_is_built_in_one_stage_and_runs_in_another(self) -> None:
        assert "pip install" in self.build
        assert "pip" not in self.final
        assert re.findall(r"^COPY --from=build (\S+)", self.final, re.MULTILINE) == ["/opt/kilde", "/opt/models"]

    def test_it_runs_as_a_user_of_its_own(self) -> None:
        assert re.findall(r"^USER (\S+)$", self.final, re.MULTILINE) == ["kilde"]
        assert "--uid 10001" in self.final

    def test_a_build_of_pytorch_for_gpus_is_refused(self) -> None:
        assert "torch.version.cuda is None" in self.build

    def test_the_model_is_unpacked_while_it_is_built(self) -> None:
        assert "ensure_unpacked(Path('/opt/models'))" in self.build
        assert "KILDE_MODEL_DIR=/opt/models" in self.final

    def test_it_asks_no_network_for_models(self) -> None:
        assert "HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1" in self.final

    @pytest.mark.parametrize("extra", ["postgres", "redis"])
    def test_it_can_use_every_engine(self, extra: str) -> None:
        assert f"extras['{extra}']" in self.build


OBJECTS: dict[str, Any] = {
    found["kind"]: found for found in yaml.safe_load_all((REPOSITORY / "deploy" / "kubernetes.yaml").read_text("utf-8"))
}


class TestKubernetes:
    """The manifests are held to the settings that exist and to what their page says; no cluster runs here."""

    pod = OBJECTS["Deployment"]["spec"]["template"]["spec"]
    process = pod["containers"][0]
    reader = OBJECTS["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]

    def test_the_page_names_every_object(self) -> None:
        page = (REPOSITORY / "docs" / "kubernetes.md").read_text("utf-8")
        assert {re.match(r"\| `(\w+)` \|", line)[1] for line in page.splitlines() if line.startswith("| `")} == set(  # type: ignore[index]
            OBJECTS
        )

    def test_its_settings_are_those_of_the_composed_stack_or_exist(self) -> None:
        given = OBJECTS["ConfigMap"]["data"]
        wanted = {name.removeprefix("KILDE_").removesuffix("_FILE").lower() for name in given}
        assert wanted <= set(Settings.__struct_fields__)
        composed_settings = SERVICES["api-a"]["environment"]
        assert {name: composed_settings[name] for name in ("KILDE_CHROMA_URL", "KILDE_CACHE_URL")} == {
            name: given[name] for name in ("KILDE_CHROMA_URL", "KILDE_CACHE_URL")
        }
        assert set(given) <= set(composed_settings)

    def test_probes_ask_for_health_and_the_end_outlasts_the_draining(self) -> None:
        assert self.process["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        assert self.process["livenessProbe"]["httpGet"]["path"] == "/health/live"
        wait_s = int(self.process["lifecycle"]["preStop"]["exec"]["command"][1])
        drain_s = int(OBJECTS["ConfigMap"]["data"]["KILDE_DRAIN_S"])
        assert self.pod["terminationGracePeriodSeconds"] > wait_s + drain_s + 3

    def test_no_container_can_write_its_files_gain_rights_or_run_as_root(self) -> None:
        for container in (self.process, self.reader):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
        assert self.pod["securityContext"]["runAsNonRoot"] is True

    def test_every_selector_finds_the_processes(self) -> None:
        labels = OBJECTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
        assert OBJECTS["Service"]["spec"]["selector"] == labels
        assert OBJECTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
        assert OBJECTS["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "kilde"
