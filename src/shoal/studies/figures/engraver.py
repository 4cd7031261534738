"""The child process that draws: reads descriptions from its input and writes pictures to its output."""

from __future__ import annotations

import json
import struct
import sys
from typing import Any

_WARM = '{"data":{"values":[{"a":1}]},"mark":"point","encoding":{"x":{"field":"a","type":"quantitative"}}}'


def main() -> None:
    """Serve until the input ends; the first picture is for the warmth alone."""
    import vl_convert

    vl_convert.vegalite_to_svg(_WARM)
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    while len(head := inward.read(8)) == 8:
        wish = json.loads(inward.read(*struct.unpack("<Q", head)))
        try:
            worked, content = True, _drawn(vl_convert, wish)
        except ValueError as error:
            worked, content = False, str(error).encode()
        outward.write(struct.pack("<?Q", worked, len(content)) + content)
        outward.flush()


def _drawn(vl_convert: Any, wish: dict[str, Any]) -> bytes:
    # No picture of ours names an address, and none may be asked.
    common = {"vl_spec": wish["spec"], "allowed_base_urls": []}
    match wish["format"]:
        case "svg":
            return str(vl_convert.vegalite_to_svg(**common)).encode()
        case "png":
            return bytes(vl_convert.vegalite_to_png(**common, scale=wish["scale"]))
        case _:
            return bytes(vl_convert.vegalite_to_pdf(**common))


if __name__ == "__main__":
    main()
