#!/bin/sh
# Collects the Korean texts of chapters and compiles their English: translate.sh CHAPTER...
# Without arguments: every app that has a locale folder. Fails when an English text is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
python=$root/.venv/bin/python
status=0
[ $# -gt 0 ] || set -- $(cd "$here" && for d in */locale; do dirname "$d"; done)
for app in "$@"; do
  po=$here/$app/locale/en/LC_MESSAGES/django.po
  mkdir -p "$(dirname "$po")"
  (cd "$here/$app" && DJANGO_SETTINGS_MODULE= "$python" -m django makemessages -l en --no-obsolete --no-location \
    --no-wrap -v 0)
  # A date of collection would make every run a change.
  sed -i '/^"POT-Creation-Date/d;/^"PO-Revision-Date/d;/^"Last-Translator/d;/^"Language-Team/d;/^"Report-Msgid-Bugs-To/d;/^"Project-Id-Version/d' "$po"
  if ! "$python" - "$po" <<'PY'
import sys

import polib

catalogue = polib.pofile(sys.argv[1])
missing = [entry.msgid for entry in catalogue if not entry.translated() and not entry.obsolete]
for msgid in missing:
    print(f"{sys.argv[1]}: no English: {msgid!r}")
sys.exit(bool(missing))
PY
  then status=1; fi
  msgfmt --check-format -o "${po%.po}.mo" "$po"
done
exit $status
