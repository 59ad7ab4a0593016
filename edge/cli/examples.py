"""What a user may want → the command for it, verb by verb; shown by `--help` and the manual."""

from __future__ import annotations

from collections.abc import Mapping

from edge.cli.help import Examples

TOP: Examples = (
    ("see it work: no camera, no broker, no configuration", "demo"),
    ("count the people of a recording", "run --source video.mp4 --sink stdout --until-end"),
    ("count in front of a camera", "run --source picamera --broker hub.local --site shop"),
    ("what is missing on this machine?", "doctor"),
)

EXAMPLES: Mapping[str, Examples] = {
    "run": (
        ("count the people of a recording, one JSON object a window",
         "run --source video.mp4 --sink stdout --until-end"),
        ("the same, as of when it was recorded",
         "run --source video.mp4 --recorded-at 2026-05-01T10:00 --sink stdout --until-end"),
        ("count in front of a USB camera and send to a broker",
         "run --source usb:0 --broker hub.local --site shop --device door"),
        ("windows of five minutes, detail of fewer than 5 people folded",
         "run --source picamera --broker hub.local --window-s 300 --set privacy.k=5"),
    ),
    "vision": (
        ("as the service does", "vision --config /etc/agender-edge/config.toml"),
        ("a recording, with what it does step by step", "vision --source video.mp4 --verbose"),
    ),
    "publisher": (
        ("as the service does", "publisher --config /etc/agender-edge/config.toml"),
        ("print what waits instead of sending it", "publisher --sink stdout"),
    ),
    "page": (
        ("as the service does", "page --config /etc/agender-edge/config.toml"),
        ("beside `agender-edge run`, for a browser on this machine: http://localhost:8088/",
         "page --set page.enabled=true"),
    ),
    "demo": (
        ("see it work, in a person's words", "demo"),
        ("the messages themselves", "demo --json"),
        ("for others to hear, at a broker that runs already", "demo --broker localhost"),
    ),
    "aim": (
        ("what the camera of the service sees, and zones and lines by keys", "aim"),
        ("the same with the mouse, in a browser on the device", "aim --page"),
        ("for an hour, a JSON object a look, for a program of one's own", "aim --for 3600 --json"),
    ),
    "watch": (
        ("every device of a broker", "watch --broker hub.local"),
        ("one device", "watch --broker hub.local --only shop/entrance"),
        ("the people of each window, with TLS and a password",
         "watch --broker hub.local --set mqtt.tls=true --set mqtt.username=viewer "
         "--set mqtt.password_file=$HOME/.mqtt-password --json | jq .message.people"),
    ),
    "report": (
        ("today until now", "report"),
        ("a Saturday, for a spreadsheet", "report --day 2026-03-07 --csv --out saturday.csv"),
        ("last month as a page to print or send", "report --month 2026-02 --html --out month.html"),
        ("people of this week, for a program", "report --week --json | jq .total.people"),
    ),
    "tally": (
        ("beside the camera, by SSH: press w, m or u for each who passes", "tally"),
        ("ages too, into a file of your own", "tally --bands --out saturday.json"),
    ),
    "audit": (
        ("against the device's own history", "audit tally-shop-door-2026-03-07.json"),
        ("against what a broker's subscriber recorded meanwhile",
         "audit tally-*.json --counts counts.jsonl"),
        ("within 10 %, for a program",
         "audit saturday.json --margin 10 --json | jq .verdict"),
    ),
    "forget": (
        ("before a device is renamed or taken away",
         "forget --config /etc/agender-edge/config.toml"),
        ("a device that is gone already", "forget --broker hub.local --site shop --device door"),
    ),
    "init": (
        ("an installed device, with questions", "init"),
        ("without any", "init --place shop --site shop --device door --source picamera "
         "--broker hub.local --username door --password-file door.password"),
        ("a configuration alone", "init --no-services --out config.toml --place home"),
    ),
    "doctor": (
        ("the installed service, with its own configuration", "doctor"),
        ("can this camera be used?", "doctor --source rtsp://cam-7/stream1"),
        ("for a program to read", "doctor --json"),
    ),
    "bench": (
        ("what a frame costs here", "bench --source video.mp4"),
        ("another detector, as JSON", "bench --source video.mp4 --detector near --json"),
    ),
    "config": (
        ("every key with its meaning, and what is in force", "config show"),
        ("is this file right, and are its models there?", "config check --config config.toml"),
        ("the JSON Schema, for an editor", "config schema > config.schema.json"),
    ),
    "notice": (
        ("of the installed service, for a wall and a web site",
         "notice --language de en --out notice"),
        ("a large sign, of a configuration beside you",
         "notice --config config.toml --format A3"),
        ("without a file",
         "notice --set operator.name=Shop --set operator.contact=privacy@shop.example "
         "--set operator.purpose=footfall"),
    ),
    "dossier": (
        ("of the installed service", "dossier --out dossier"),
        ("as PDF, with how the project's tests ended and what a device installs",
         "dossier --config config.toml --pdf --results results.xml "
         "--sbom build/sbom-trixie.cdx.json"),
    ),
    "completion": (
        ("for this user's bash", "completion bash > ~/.local/share/bash-completion/completions/"
         "agender-edge"),
        ("for zsh, in a folder of $fpath", "completion zsh > ~/.zfunc/_agender-edge"),
    ),
    "man": (
        ("read it", "man | man -l -"),
        ("install it for this user",
         "man > ~/.local/share/man/man1/agender-edge.1"),
    ),
    "flash-kit": (
        ("a folder for one device", "flash-kit --site shop --device door --broker hub.local kit"),
        ("straight onto a card, with wireless network, TLS and a login",
         "flash-kit --site shop --device door --broker hub.local --tls-ca ca.pem --username door "
         "--password-file door.password --wifi-ssid Shop --wifi-psk-file wifi.txt "
         "--wifi-country DE --ssh-key ~/.ssh/id_ed25519.pub /media/$USER/bootfs"),
        ("several devices, all wheels with them",
         "flash-kit --site shop --device door,till,stairs --broker hub.local --offline kits"),
        ("several devices from a table",
         "flash-kit --site shop --devices devices.csv --broker hub.local kits"),
    ),
}  # fmt: skip
