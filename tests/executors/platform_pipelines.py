"""Pipelines that ask things of Kubernetes. Run as a script: compiles each into the folder it is given."""

# mypy: ignore-errors
# ruff: noqa

import sys
import warnings
from pathlib import Path

from kfp import compiler, dsl
from kfp import kubernetes as k8s

warnings.simplefilter("ignore")


@dsl.component
def tell(what: str) -> str:
    return what


@dsl.component
def look(paths: list, variables: list) -> dict:
    import os

    seen = {name: os.environ.get(name) for name in variables}
    for path in paths:
        seen[path] = open(path).read() if os.path.isfile(path) else sorted(os.listdir(path))
    return seen


@dsl.component
def size_of_secret(variable: str, path: str) -> int:
    import glob, os

    for file in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            assert os.environ[variable].encode() not in open(file, "rb").read(), "a command line shows the secret"
        except OSError:
            pass
    return len(os.environ[variable]) + len(open(path).read())


@dsl.component
def put(path: str, text: str) -> str:
    import os

    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").write(text)
    return path


@dsl.component
def get(path: str) -> str:
    return open(path).read()


@dsl.component
def try_to_write(path: str) -> str:
    try:
        open(path, "w")
    except OSError as error:
        return error.strerror
    return "written"


@dsl.component
def sleep(seconds: float):
    import time

    time.sleep(seconds)


@dsl.pipeline
def keys(secret: str = "spare") -> dict:
    name = tell(what="files")
    task = look(
        paths=[
            "/etc/clew-test/secret/user",
            "/etc/clew-test/config/a.txt",
            "/clew-test-scratch",
            "/etc/clew-test/none",
        ],
        variables=["A", "B", "C", "NONE", "NAMESPACE", "LABEL", "IP"],
    )
    k8s.use_secret_as_env(task, secret_name="first", secret_key_to_env={"k": "A"})
    k8s.use_secret_as_env(task, secret_name=secret, secret_key_to_env={"k": "B", "no": "NONE"}, optional=True)
    k8s.use_secret_as_volume(task, secret_name=name.output, mount_path="/etc/clew-test/secret")
    k8s.use_secret_as_volume(task, secret_name="nothing", mount_path="/etc/clew-test/none", optional=True)
    k8s.use_config_map_as_env(task, config_map_name="config", config_map_key_to_env={"a.txt": "C"})
    k8s.use_config_map_as_volume(task, config_map_name="config", mount_path="/etc/clew-test/config")
    k8s.empty_dir_mount(task, volume_name="e", mount_path="/clew-test-scratch")
    k8s.use_field_path_as_env(task, env_name="NAMESPACE", field_path="metadata.namespace")
    k8s.use_field_path_as_env(task, env_name="LABEL", field_path="metadata.labels['team']")
    k8s.use_field_path_as_env(task, env_name="IP", field_path="status.podIP")
    k8s.add_pod_label(task, "team", "search")
    k8s.add_pod_annotation(task, "note", "n")
    k8s.add_node_selector(task, "zone", "a")
    k8s.add_toleration(task, key="spot", operator="Exists")
    k8s.set_security_context(task, run_as_user=3)
    k8s.set_image_pull_policy(task, "Always")
    return task.output


@dsl.pipeline
def quiet() -> int:
    task = size_of_secret(variable="TOKEN", path="/etc/clew-test/token")
    k8s.use_secret_as_env(task, secret_name="quiet", secret_key_to_env={"token": "TOKEN"})
    k8s.use_secret_as_volume(task, secret_name="quiet", mount_path="/etc/clew-test")
    return task.output


@dsl.pipeline
def variable(name: str = "one") -> dict:
    task = look(paths=[], variables=["TOKEN"])
    k8s.use_secret_as_env(task, secret_name=name, secret_key_to_env={"token": "TOKEN"})
    return task.output


@dsl.pipeline
def computed(name: str = "one"):
    told = tell(what=name)
    with dsl.ParallelFor(["a"]) as item:
        again = tell(what=item)
        task = look(paths=[], variables=["TOKEN"]).after(again)
        k8s.use_secret_as_env(task, secret_name=told.output, secret_key_to_env={"token": "TOKEN"})


@dsl.pipeline
def settings():
    task = look(paths=[], variables=["C"])
    k8s.use_config_map_as_env(task, config_map_name="config", config_map_key_to_env={"c": "C"})


@dsl.pipeline
def claims() -> dict:
    claim = k8s.CreatePVC(pvc_name_suffix="-x", access_modes=["ReadWriteOnce"], size="1Gi", storage_class_name="s")
    first = put(path="/clew-test-data/deep/f", text="hello")
    k8s.mount_pvc(first, pvc_name=claim.outputs["name"], mount_path="/clew-test-data")
    second = look(paths=["/clew-test-here/f", "/clew-test-given"], variables=[]).after(first)
    k8s.mount_pvc(second, pvc_name=claim.outputs["name"], mount_path="/clew-test-here", sub_path="deep")
    k8s.mount_pvc(second, pvc_name="fixed", mount_path="/clew-test-given")
    k8s.DeletePVC(pvc_name=claim.outputs["name"]).after(second)
    return second.output


@dsl.pipeline
def keyed():
    task = put(path="/clew-test-given/f", text="x")
    k8s.mount_pvc(task, pvc_name="fixed", mount_path="/clew-test-given")
    task.set_caching_options(True, cache_key="mine")


@dsl.pipeline
def gone():
    claim = k8s.CreatePVC(pvc_name="mine", access_modes=["ReadWriteOnce"], size="1Gi", storage_class_name="s")
    deleted = k8s.DeletePVC(pvc_name=claim.outputs["name"])
    task = get(path="/clew-test-data/f").after(deleted)
    k8s.mount_pvc(task, pvc_name="mine", mount_path="/clew-test-data")


@dsl.pipeline
def sealed() -> str:
    task = try_to_write(path="/etc/clew-test/new")
    k8s.use_config_map_as_volume(task, config_map_name="config", mount_path="/etc/clew-test")
    return task.output


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def workspace() -> str:
    first = put(path=dsl.WORKSPACE_PATH_PLACEHOLDER + "/deep/f", text="shared")
    return get(path="/kfp-workspace/deep/f").after(first).output


@dsl.component
def where(data: dsl.Input[dsl.Dataset]) -> list:
    import os

    return [data.path, open(data.path).read() if os.path.isfile(data.path) else sorted(os.listdir(data.path))]


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def brought(uri: str) -> list:
    raw = dsl.importer(artifact_uri=uri, artifact_class=dsl.Dataset, download_to_workspace=True)
    return where(data=raw.output).output


@dsl.component
def join(a: str, b: str) -> str:
    return f"{a} {b}"


@dsl.component
def get_when(path: str, flag: str) -> str:
    import os

    if not os.path.exists(flag):
        raise SystemExit("not yet")
    return open(path).read()


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def goes_on(flag: str) -> str:
    claim = k8s.CreatePVC(pvc_name_suffix="-x", access_modes=["ReadWriteOnce"], size="1Gi", storage_class_name="s")
    first = put(path="/clew-test-data/f", text="kept")
    k8s.mount_pvc(first, pvc_name=claim.outputs["name"], mount_path="/clew-test-data")
    shared = put(path=dsl.WORKSPACE_PATH_PLACEHOLDER + "/g", text="shared")
    second = get_when(path="/clew-test-data/f", flag=flag).after(first)
    k8s.mount_pvc(second, pvc_name=claim.outputs["name"], mount_path="/clew-test-data")
    third = get_when(path="/kfp-workspace/g", flag=flag).after(shared)
    return join(a=second.output, b=third.output).output


@dsl.pipeline
def slow():
    sleep(seconds=30.0)


folder = Path(sys.argv[1])
for pipeline in (
    keys, quiet, variable, computed, settings, claims, keyed, gone, sealed, workspace, brought, goes_on, slow,
):  # fmt: skip
    compiler.Compiler().compile(pipeline, str(folder / f"{pipeline.name}.yaml"))
