"""What a process that forks others has dbt do first leaves nothing that they would share."""

from __future__ import annotations

import json
import subprocess
import sys

REHEARSED = """
import json, os, sys, tempfile
import psutil
from consulting.cleaning.rehearsal import rehearse_dbt
import dbt.cli.main

def held():
    open_files = sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                        if os.path.lexists(f"/proc/self/fd/{fd}"))
    return [open_files, os.listdir("/proc/self/task"), os.listdir(tempfile.gettempdir()),
            [each.pid for each in psutil.Process().children()]]

before = held()
rehearse_dbt()
after = held()
print(json.dumps([before, after]))
"""


def test_no_file_no_thread_no_process_and_no_folder_is_left(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REHEARSED],
        env={"OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout)
    assert before == after
    assert "leaked" not in done.stderr
