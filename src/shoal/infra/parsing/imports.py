"""The files that a description imports: below its own folder, within limits, no circles."""

from __future__ import annotations

from pathlib import Path

from shoal.infra.faults import Fault, choice
from shoal.infra.parsing.composing import KEPT_OUT, NUL, Composer, Import, Written

SIZE, FILES = 1 << 20, 200
SCHEME = "file://"


class Imports:
    """Read one file and what it imports; faults are collected."""

    def __init__(self, top: Path, faults: list[Fault]) -> None:
        self._faults = faults
        self._shown, self._folder = top.parent, top.parent.resolve()
        self._first = self._folder / top.name
        self._open: list[Path] = []
        self._texts: dict[Path, str] = {}
        self._read: dict[tuple[Path, bool], Written | None] = {}

    def first(self) -> Written | None:
        """Return what the first file holds, None when it cannot be read."""
        asked = Import("", "", self._name(self._first), 1)
        text = self._text(self._first, asked)
        return None if text is None else self._composed(self._first, text, asked)

    def follow(self, asked: Import) -> Written | None:
        """Return what an import stands for, None when it may not or cannot be read."""
        path = self._allowed(asked)
        text = None if path is None else self._text(path, asked)
        if path is None or text is None:
            return None
        if asked.tag == "!text_import":
            return self._taken(text, path)
        if path in self._open:
            chain = " -> ".join(map(self._name, [*self._open[self._open.index(path) :], path]))
            self._fault(asked, f"This import goes in a circle: {chain}.", "Remove one of these imports.")
            return None
        if (path, asked.older) not in self._read:
            here = asked._replace(file=self._name(path))
            self._read[path, asked.older] = self._composed(path, text, here)
        return self._read[path, asked.older]

    def _taken(self, text: str, path: Path) -> Written:
        name = self._name(path)
        if NUL in text:
            line = text.count("\n", 0, text.index(NUL)) + 1
            self._faults.append(Fault(f"{name} is no text: it holds a NUL.", KEPT_OUT, "", name, line))
        return Written(text, name, 1, 16 + len(text))

    def _composed(self, path: Path, text: str, asked: Import) -> Written | None:
        self._open.append(path)
        before = len(self._faults)
        found = Composer(text, asked, self._faults, self.follow).document()
        self._open.pop()
        if found is None and len(self._faults) == before:
            self._faults.append(Fault("There is nothing in it.", "Write something.", "", asked.file, 1))
        return found

    def _allowed(self, asked: Import) -> Path | None:
        url = asked.url[:80]
        path: Path | None
        try:
            path = (self._open[-1].parent / asked.url.removeprefix(SCHEME)).resolve()
        except (OSError, ValueError, RuntimeError):
            path = None
        if path is None or not asked.url.startswith(SCHEME):
            self._fault(asked, f"{url!r} is no file that can be imported.", "Write `url: file://NAME`.")
        elif not path.is_relative_to(self._folder):
            self._fault(
                asked,
                f"{url} leads out of the folder {self._shown}.",
                "Import only what lies in the folder of the first file or below it: copy the file there.",
            )
        else:
            return path
        return None

    def _text(self, path: Path, asked: Import) -> str | None:
        if path in self._texts:
            return self._texts[path]
        try:
            message, advice = self._unusable(path)
            if not message:
                self._texts[path] = path.read_bytes().decode("utf-8-sig")
                return self._texts[path]
        except OSError as error:
            message = f"{self._name(path)[:200]} cannot be read: {error.strerror}."
            advice = "Check its name, and whether you may read it and the folders that it is in."
        except UnicodeDecodeError:
            message, advice = f"{self._name(path)} is not text in UTF-8.", "Save it as UTF-8."
        self._fault(asked, message, advice)
        return None

    def _unusable(self, path: Path) -> tuple[str, str]:
        name = self._name(path)
        if path.is_dir():
            return f"{name} is a folder.", choice("", (f"{path.name}/{one.name}" for one in path.iterdir()))
        if not path.is_file():
            message = f"{name} is no file." if path.exists() else f"There is no {name}."
            beside = (one.name for one in path.parent.iterdir()) if path.parent.is_dir() else ()
            return message, choice(path.name, beside) or "Nothing lies in that folder."
        if path.stat().st_size > SIZE:
            return f"{name} is larger than {SIZE >> 20} MiB.", "Let the machine fetch what is large."
        if len(self._texts) >= FILES:
            return f"More than {FILES} files are imported.", "Put small ones together."
        return "", ""

    def _fault(self, asked: Import, message: str, advice: str) -> None:
        self._faults.append(Fault(message, advice, "", asked.file, asked.line))

    def _name(self, path: Path) -> str:
        try:
            return str(self._shown / path.relative_to(self._folder))
        except ValueError:
            return str(path)
