# For shell tests that take packages from npm, pinned by a package-lock.json beside them. Sourced; `root` is the checkout.
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm_config_ignore_scripts=true

# npm_install FOLDER NAME LOG: installs what FOLDER's package-lock.json names into .local/NAME, once for each lock; sets `state` to that
# folder. Three tries.
npm_install() {
  local stamp attempt
  state=$root/.local/$2
  for command in node npm; do
    command -v "$command" >/dev/null || { echo "$command is missing: run deploy/local/packages tests" >&2; exit 2; }
  done
  stamp=$(sha256sum "$1"/package{,-lock}.json | sha256sum)
  [[ $(cat "$state/stamp" 2>/dev/null) != "$stamp" ]] || return 0
  mkdir -p "$state"
  cp "$1"/package{,-lock}.json "$state"
  for attempt in 1 2 3; do
    rm -rf "$state/node_modules" "$state/stamp"
    if (cd "$state" && timeout -k 5 120 npm ci) >"$3" 2>&1; then
      echo "$stamp" >"$state/stamp"
      return 0
    fi
    sleep "$attempt"
  done
  return 1
}

# npm_unreachable LOG: did it fail because there is no registry to be reached?
npm_unreachable() { grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH' "$1"; }
