"""Ansible module: mosquitto's password file holds exactly these users."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.mosquitto_hash import password_file

DOCUMENTATION = r"""
module: mosquitto_passwords
short_description: Keep mosquitto's password file
description:
  - Writes the file with a hash for each user, and nobody else. A hash that is right stays, so that
    nothing changes when nothing has changed.
options:
  path: {description: The file., type: path, required: true}
  users: {description: Name and password of each user., type: dict, required: true}
extends_documentation_fragment: [files]
author: [agender-edge (@agender-edge)]
"""

EXAMPLES = r"""
- name: Keep the passwords
  mosquitto_passwords:
    path: /etc/mosquitto/passwords
    users: {door: "{{ password }}"}
    owner: mosquitto
    mode: "0600"
"""


def main():
    """Read, compare, replace in one step."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "users": {"type": "dict", "required": True, "no_log": True},
        },
        add_file_common_args=True,
        supports_check_mode=True,
    )
    path, users = module.params["path"], module.params["users"]
    if bad := [name for name, word in users.items() if ":" in name or not name or not word]:
        module.fail_json(msg=f"users need a name without a colon and a password: {bad}")
    kept = Path(path)
    current = kept.read_text(encoding="utf-8") if kept.exists() else ""
    wanted = password_file(current, {name: str(word) for name, word in users.items()})
    changed = wanted != current
    if changed and not module.check_mode:
        handle, scratch = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(wanted)
        module.atomic_move(scratch, path)
    arguments = module.load_file_common_arguments(module.params)
    module.exit_json(changed=module.set_fs_attributes_if_different(arguments, changed))


if __name__ == "__main__":
    main()
