#!/usr/bin/env bash
# deploy/local/up as a user meets it, in a folder that nobody else may enter. Prints "ok - …", "not ok - …" or "skip - …".
set -euo pipefail
root=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../..
root=$(realpath "$root")
work=$(mktemp -d) # 0700: as root, PostgreSQL's user cannot get in
export GROOMER_LOCAL_DIR=$work/state
status=0 running=''
touch "$work/err" "$work/typescript"

finish() {
  [[ ! $running ]] || { kill -TERM "$running" && wait "$running"; } 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

ok() { printf 'ok - %s\n' "$1"; }
not_ok() {
  printf 'not ok - %s\n' "$1"
  sed 's/^/    /' "$work/err" | tail -n 25
  status=1
}
# check SENTENCE COMMAND...
check() { if "${@:2}"; then ok "$1"; else not_ok "$1"; fi; }

up() { "$root/deploy/local/up" "$@" >"$work/out" 2>"$work/err" 9>&-; }
up_in_background() {
  : >"$work/err"
  "$root/deploy/local/up" "$@" >"$work/out" 2>"$work/err" 9>&- &
  running=$!
}
summary() { tail -n 1 "$work/out"; }
number() { sed -nE "s/.*\"$1\":([0-9]+).*/\1/p" <<<"$(summary)"; }

# within SECONDS COMMAND...: polls until the command succeeds.
within() {
  local end=$((SECONDS + $1))
  until "${@:2}"; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

# A fresh machine has no ps. What is looked for stands in a file, lest grep find itself.
processes() { grep -lsFf "$work/pattern" /proc/[0-9]*/cmdline || true; }
printf '%s\n' "$GROOMER_LOCAL_DIR/" >"$work/pattern"
replicas() {
  local found
  mapfile -t found < <(processes)
  grep -lszx run "${found[@]}" /dev/null | cut -d / -f 3
}
# Not by their arguments alone: PostgreSQL's workers are known by where they work.
nothing_left() {
  local process
  [[ ! $(processes) ]] || return 1
  for process in /proc/[0-9]*; do
    [[ $(readlink "$process/cwd") != "$GROOMER_LOCAL_DIR"/* ]] || return 1
  done
}
nothing_left_soon() { within 15 nothing_left; }

# What was done, without when and by which term.
acts() { sed -E 's/"(term|at)": ?("[^"]*"|[0-9]+),?//g' "$1" | sort; }
each_once() { [[ -s $1 && ! $(acts "$1" | uniq -d) ]]; }

# backlog FOLDER [REPOSITORY...]: the sample, or copies of it as pages one after another.
backlog() {
  local repository
  mkdir "$work/$1"
  for repository in "${@:2}" quill; do
    sed "s#lanternfish/quill#lanternfish/$repository#" "$root/deploy/local/sample-backlog.json"
  done >"$work/$1/backlog.json"
}

# ------------------------------------------------------------------------------------------------------- a good run
first_run() {
  local file=$work/first/backlog.json
  backlog first
  check "up --once grooms a backlog and exits with 0" up --once --issues "$file"
  check "the last line of standard output is the summary" \
    grep -qE '^\{"issues":[1-9][0-9]*,"groomed":[1-9][0-9]*,"abstained":[0-9]+,"ticks":[1-9][0-9]*,"replicas":3,"output":"[^"]+first/backlog\.labelled\.json","effects":"[^"]+first/backlog\.json\.groomer\.jsonl"\}$' <<<"$(summary)"
  check "every issue is groomed or abstained" test "$(number issues)" = $(($(number groomed) + $(number abstained)))
  check "no label is written twice" each_once "$file.groomer.jsonl"
  check "the labelled copy is written" test -s "$work/first/backlog.labelled.json"
  check "the user's file is unchanged" cmp -s "$root/deploy/local/sample-backlog.json" "$file"
  check "the table says what was decided" grep -q 'type/' "$work/out"
  check "nothing is left running" nothing_left_soon

  summary >"$work/summary"
  cp "$work/summary" "$work/first_summary"
  cp "$file.groomer.jsonl" "$work/effects"
  cp "$work/first/backlog.labelled.json" "$work/labelled"
  check "a second run exits with 0" up --once --issues "$file"
  check "a second run prints the same summary" cmp -s "$work/summary" <(summary)
  check "a second run writes no effect" cmp -s "$work/effects" "$file.groomer.jsonl"
  check "a second run leaves the labelled copy as it was" cmp -s "$work/labelled" "$work/first/backlog.labelled.json"

  sed -i '$ s/]$//' "$file" # the array's end
  cat >>"$file" <<'END'
,{"id": 1, "number": 5001, "repository_url": "https://api.github.com/repos/lanternfish/quill", "title": "One more",
  "body": "It crashes.", "state": "open", "user": {"login": "a", "id": 1, "type": "User"}, "labels": [],
  "created_at": "2024-10-01T10:00:00Z", "updated_at": "2024-10-01T10:00:00Z"}]
END
  check "an issue that was added to the file is groomed by the next run" up --once --issues "$file"
  check "and counted" test "$(number issues)" = $(($(sed -E 's/.*"issues":([0-9]+).*/\1/' "$work/summary") + 1))
}

begins_anew() {
  local file=$work/first/backlog.json
  cp "$root/deploy/local/sample-backlog.json" "$file"
  rm "$file.groomer.jsonl"
  check "without its effects a backlog is groomed anew" up --once --issues "$file"
  check "which is said" grep -q 'beginning anew' "$work/err"
  check "with the same result" cmp -s <(acts "$work/effects") <(acts "$file.groomer.jsonl")
}

# ------------------------------------------------------------------------------------------------------------ killing
any_replica() { [[ $(replicas) ]]; }
kill_replicas_in_turn() {
  local file=$work/killed/backlog.json pid killed=0 result=0
  backlog whole a b c d
  check "a backlog of several repositories is groomed" up --once --issues "$work/whole/backlog.json"
  backlog killed a b c d
  up_in_background --once --issues "$file"
  within 60 test -s "$file.groomer.jsonl" || true
  for pid in $(replicas); do
    kill -KILL "$pid" 2>/dev/null && killed=$((killed + 1))
    sleep 0.3
  done
  wait "$running" || result=$?
  running=''
  check "replicas were killed with SIGKILL while they worked" test "$killed" -gt 1
  check "which is said" grep -q 'replica-[1-3] has ended' "$work/err"
  check "which does not keep up from its end" test "$result" = 0
  check "then no label is written twice" each_once "$file.groomer.jsonl"
  check "then the same labels are written" cmp -s <(acts "$work/whole/backlog.json.groomer.jsonl") <(acts "$file.groomer.jsonl")
  check "then the labelled copy is the same" cmp -s "$work/whole/backlog.labelled.json" "$work/killed/backlog.labelled.json"
}

serving() { grep -q '/healthz' "$work/err"; }
goes_on_until_terminated() {
  local result=0 address
  up_in_background --replicas 2
  check "without --once and --issues it grooms the sample and goes on" within 120 serving
  address=$(grep -oE '127\.0\.0\.1:[0-9]+/healthz' "$work/err" | tail -n 1)
  address=${address#*:}
  check "a replica answers at the address that is shown" answers "${address%/healthz}"
  check "it says where the status page is, and its token" grep -qE "^The status page is http://127.0.0.1:[0-9]+/ .*/run/admin-token$" "$work/err"
  check "which opens the status" answers "${address%/healthz}" /api/status "$(<"$(grep -oE '/[^ ]*/admin-token$' "$work/err")")"
  check "a second up in the same place is refused" refused
  kill -TERM "$running"
  wait "$running" || result=$?
  running=''
  check "SIGTERM ends it with status 0" test "$result" = 0
  check "and nothing is left running" nothing_left_soon
}
# answers PORT [PATH TOKEN]
answers() {
  local line
  exec 7<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n' "${2:-/healthz}" "${3:-none}" >&7
  IFS= read -r -t 5 line <&7
  exec 7>&-
  [[ $line == 'HTTP/1.1 200'* ]]
}
refused() { ! "$root/deploy/local/up" --once >/dev/null 2>"$work/refused" 9>&- && grep -q 'another deploy/local/up' "$work/refused"; }

# No pager may come up, and Ctrl-C must reach up alone.
watching() { grep -q 'Watching' "$work/typescript"; }
ends_by_control_c() {
  local result=0 command
  # exec: without it, the status would be that of a /bin/sh between the terminal and up, which Ctrl-C ends as well.
  printf -v command 'exec %q' "$root/deploy/local/up"
  mkfifo "$work/keys"
  timeout -k 5 100 env --default-signal=INT script -qefc "$command" "$work/typescript" <"$work/keys" >"$work/err" 2>&1 9>&- &
  running=$!
  exec 6<>"$work/keys"
  check "in a terminal it grooms and goes on" within 60 watching
  printf '\003' >&6
  exec 6>&-
  wait "$running" || result=$?
  running=''
  check "Ctrl-C ends it with status 0" test "$result" = 0
  check "and leaves nothing running" nothing_left_soon
}

killed_itself() {
  up_in_background
  within 60 any_replica || true
  kill -KILL "$running"
  wait "$running" 2>/dev/null || true
  running=''
  check "should up itself be killed, all that it started ends" within 40 nothing_left
  check "and the next up works" up --once
}

# ---------------------------------------------------------------------------------------------------------- bad input
# bad SENTENCE STATUS PATTERN ARGUMENT...: one line, and no run.
bad() {
  local result=0
  up "${@:4}" || result=$?
  check "$1" test "$result" = "$2" -a ! -s "$work/out"
  check "$1: it says why" grep -qE "$3" "$work/err"
}
bad_input() {
  bad "an unknown flag is a usage error" 2 "unknown argument '--frobnicate'" --frobnicate
  bad "--issues without a file is a usage error" 2 'needs a value' --issues
  bad "an empty name of a file is a usage error" 2 'needs the path of a file' --issues ""
  bad "a number of replicas out of range is a usage error" 2 '1 to 20' --replicas 0
  bad "--repo wants an owner and a name" 2 "OWNER/NAME, not 'octocat'" --repo octocat
  bad "--repo and --issues are not for one run" 2 'exclude each other' --repo octocat/hello-world --issues x.json
  bad "a missing file is an error" 1 'missing\.json: no such file' --once --issues "$work/missing.json"
  bad "a directory is an error" 1 'not a regular file' --once --issues "$work"
  mkdir "$work/bad"
  printf '[\n {"number": 1, "title": "x"},\n oops\n' >"$work/bad/broken.json"
  bad "invalid JSON is an error" 1 'broken\.json:[0-9]+:[0-9]+: ' --once --issues "$work/bad/broken.json"
  check "nothing is written beside an invalid file" test "$(ls "$work/bad")" = broken.json
  printf '[[{"number": 1, "title": "x"}]]' >"$work/bad/slurped.json"
  bad "a file of which nothing can be used is an error" 1 'no entry of the file can be used' --once --issues "$work/bad/slurped.json"
  check "bad input leaves nothing running" nothing_left_soon
  mkdir "$work/partly"
  printf '[\n {"number": 1, "title": "x",\n "repository_url": "https://api.github.com/repos/a/b"}, {"title": "y"}]\n' >"$work/partly/x.json"
  check "an entry without a number is skipped" up --once --issues "$work/partly/x.json"
  check "and said" grep -qE 'x\.json:3:[0-9]+: ' "$work/err"
  check "and not counted" test "$(number issues)" = 1
  local odd="$work/o dd 'n\"ame"
  mkdir "$odd"
  cp "$root/deploy/local/sample-backlog.json" "$odd/ex: port"
  check "a file with an odd name is groomed" up --once --replicas 1 --issues "$odd/ex: port"
  check "and its labelled copy is beside it" test -s "$odd/ex: port.labelled.json"
}

# ------------------------------------------------------------------------------------------------------- real issues
real_issues() {
  local shared=${GROOMER_SHARED:-$root/../shared} file=$work/real/backlog.json
  if ! command -v python3 >/dev/null || [[ ! -x $shared/tools/github-export ]]; then
    echo "skip - real issues: they need python3 and the shared folder with tools/github-export"
    return
  fi
  mkdir "$work/real"
  "$shared/tools/github-export" >"$file"
  local start=$SECONDS
  check "1,500 real issues are groomed" up --once --issues "$file"
  check "within 120 s" test $((SECONDS - start)) -le 120
  local judge
  judge=$("$root/tests/integration/judge-backlog" "$file" "$shared/data/issues_train.csv" "$(summary)") || status=1
  printf '%s\n' "$judge"
  cp "$file.groomer.jsonl" "$work/effects"
  summary >"$work/summary"
  check "a second run on them exits with 0" up --once --issues "$file"
  check "a second run on them changes nothing" cmp -s "$work/effects" "$file.groomer.jsonl"
  check "a second run on them prints the same" cmp -s "$work/summary" <(summary)
}

# -------------------------------------------------------------------------------------------------------------- GitHub
on_github() { GITHUB_API_URL=$1 GITHUB_TOKEN=only-for-tests up "${@:2}"; }
# Without a token an hour has 60 requests, which are not enough for the sample.
anonymously() { env -u GITHUB_TOKEN -u GH_TOKEN GITHUB_API_URL="$1" "$root/deploy/local/up" "${@:2}" >"$work/out" 2>"$work/err" 9>&-; }
times_told() { grep -c 'limit is reached until [0-9:]* .*: [0-9]* of [0-9]* issues are done' "$work/err" || true; }
limited_summary='^\{"issues":[1-9][0-9]*,"groomed":[1-9][0-9]*,"abstained":[0-9]+,"ticks":[1-9][0-9]*,"replicas":3,"repo":"lanternfish/quill","mode":"dry-run","pending":[1-9][0-9]*,"limited_until":"20[0-9T:.-]+Z"\}$'
ends_at_a_limit() {
  local run start=$SECONDS
  for run in "up --repo --once that meets a limit" "the next one within the hour"; do
    check "$run ends with status 0" anonymously "$1" --repo lanternfish/quill --once
    check "$run: the summary tells until when, and what is left" grep -qE "$limited_summary" <<<"$(summary)"
    check "$run: done and left are all issues" test "$(number issues)" = $(($(number groomed) + $(number abstained) + $(number pending)))
    check "$run: the limit is told once" test "$(times_told)" = 1
    check "$run: it says what is left" grep -q "^Ended at GitHub's limit with $(number pending) of $(number issues) issues to go" "$work/err"
  done
  check "neither waits for the limit" test $((SECONDS - start)) -le 60
}
plans_for_github() {
  local fake=$root/build/release/tests/fake_github url
  if [[ ! -x $fake ]]; then
    echo "skip - plans for GitHub: $fake was not built"
    return
  fi
  : >"$work/url"
  setpriv --pdeathsig TERM "$fake" --issues "$root/deploy/local/sample-backlog.json" --token only-for-tests --log "$work/github.log" \
    >"$work/url" 9>&- &
  local github=$!
  within 10 test -s "$work/url" || true
  url=$(<"$work/url")
  ends_at_a_limit "$url"
  check "up --repo --once plans for a repository on GitHub" \
    on_github "$url" --repo lanternfish/quill --once
  check "the last line is the summary of a dry run" \
    grep -qE '^\{"issues":[1-9][0-9]*,"groomed":[1-9][0-9]*,"abstained":[0-9]+,"ticks":[1-9][0-9]*,"replicas":3,"repo":"lanternfish/quill","mode":"dry-run"\}$' <<<"$(summary)"
  check "the same issues are looked at as in the file" \
    test "$(number issues)" = "$(sed -E 's/.*"issues":([0-9]+).*/\1/' "$work/first_summary")"
  check "all of them" test "$(number issues)" = $(($(number groomed) + $(number abstained)))
  check "also those that waited for the limit of whoever has no token" test ! "$(number pending)"
  check "nothing is written to GitHub" test ! -s "$work/github.log"
  check "the token stands in no log" test ! "$(grep -rl only-for-tests "$GROOMER_LOCAL_DIR/log" "$GROOMER_LOCAL_DIR/run")"
  kill -TERM "$github"
  wait "$github" || true
}

bad_input
first_run
begins_anew
kill_replicas_in_turn
goes_on_until_terminated
ends_by_control_c
killed_itself
plans_for_github
real_issues
exit "$status"
