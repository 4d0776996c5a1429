"""Generates the messages from the contract while the package is built, so that they are never behind it."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
#: In the repository, or in an archive of this package alone.
PROTO = next(path for path in (HERE.parent.parent / "proto", HERE / "proto") if path.is_dir())


def generate(target: Path) -> None:
    """Writes huizong/v1 below a folder."""
    from grpc_tools import protoc

    ours = sorted(str(path) for path in (PROTO / "huizong" / "v1").glob("*.proto"))
    for kind in ("python", "pyi", "grpc_python"):
        if protoc.main(["", f"-I{PROTO}", f"-I{well_known()}", f"--{kind}_out={target}", *ours]) != 0:
            raise SystemExit("the contract does not compile")
    (target / "huizong" / "v1" / "__init__.py").touch()


def well_known() -> Path:
    import grpc_tools

    return Path(grpc_tools.__file__).parent / "_proto"


class Build(build_py):
    def run(self) -> None:
        generate(HERE)
        super().run()


# The folder is looked for before it is filled.
(HERE / "huizong" / "v1").mkdir(exist_ok=True)
setup(cmdclass={"build_py": Build})
