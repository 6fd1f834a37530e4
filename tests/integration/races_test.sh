#!/usr/bin/env bash
# The races of bench/run: of eight clients for one row, without a loop around them. Broken acquires must be noticed first. Prints
# "ok - …", "not ok - …" or "skip - …"; the numbers of trials are those of bench/run without --full.
set -euo pipefail
root=$(realpath "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../..")
bench=$root/build/release/bench/groomer_bench
[[ -x $bench && ${GROOMER_TEST_DATABASE_URL:-} ]] || { echo "skip - the races: no $bench, or no GROOMER_TEST_DATABASE_URL"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
"$bench" --server "$GROOMER_TEST_DATABASE_URL" --raw "$work" races >"$work/out" 2>"$work/err" || status=$?
if ((status)); then
  echo "not ok - eight clients race for a row"
  sed 's/^/    /' "$work/err"
  exit 1
fi
noticed=$(grep -c 'an acquire that .*: noticed [1-9]' "$work/out" "$work/err" | awk -F: '{ sum += $NF } END { print sum }')
if ((noticed == 4)); then echo "ok - each of four wrongs of broken acquires is noticed"
else
  echo "not ok - of four wrongs of broken acquires $noticed were noticed"
  status=1
fi
for what in two_winners lost_holds double_ticks terms_not_rising not_taken; do
  line=$(grep "^{\"name\":\"races_$what\",\"value\":" "$work/out" || true)
  if [[ $line == *'"value":0,'*'"n":4000}' ]]; then echo "ok - $what: none in 4,000 races"
  else
    echo "not ok - $what: ${line:-nothing was said}"
    status=1
  fi
done
exit "$status"
