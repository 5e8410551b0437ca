#!/usr/bin/env bash
# Bring the vendored parts of the design system up to date. Run by hand (needs npm) after changing a version below;
# the results are committed, so neither installing nor testing needs npm. See NOTICE for the licences.
#
#   bash src/dure/portal/site/vendor.sh
set -euo pipefail

KRDS=krds-uiux@1.1.0     # tokens and the Pretendard GOV subset; its component CSS is not used (see docs/design-system.md)
HTMX=htmx.org@4.0.1
AXE=axe-core@4.14.1      # browser tests only

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
static=$here/static/site
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm install --prefix "$work" --no-audit --no-fund --ignore-scripts "$KRDS" "$HTMX" "$AXE"
parts=$work/node_modules

mkdir -p "$static/vendor" "$static/fonts" "$root/tests/browser"
# The tokens speak of no image and no font file, so no path needs mending; the source map line points nowhere.
grep -v -e '^@charset' -e 'sourceMappingURL' "$parts/krds-uiux/resources/css/token/krds_tokens.css" \
  > "$static/vendor/krds_tokens.css"
for weight in Regular Medium Bold; do
  cp "$parts/krds-uiux/resources/fonts/PretendardGOV-$weight.subset.woff2" "$static/fonts/"
done
grep -v 'sourceMappingURL' "$parts/htmx.org/dist/htmx.min.js" > "$static/vendor/htmx.min.js"
cp "$parts/axe-core/axe.min.js" "$root/tests/browser/axe.min.js"
chmod 644 "$static"/vendor/* "$static"/fonts/* "$root/tests/browser/axe.min.js"
