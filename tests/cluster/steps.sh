# Sourced by ./run: numbered steps with their times, a load beside them, and the summary in the end.
# shellcheck shell=bash disable=SC2034,SC2154 # what is between them is shared

summary=()
step_number=0
failed=0

say() { echo "   $*" >&2; }
seconds() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# Ends the run: what was expected, and then what there was.
die() {
  echo "FAILED: $1" >&2
  shift
  (($# == 0)) || printf '   %s\n' "$@" >&2
  note "${step_title:-before the first step}" "FAILED"
  exit 1
}

# What is wrong, but does not keep the rest from being tried.
complain() {
  echo "FAILED: $*" >&2
  failed=1
}

note() { summary+=("$(printf '%-58s %s' "$1" "$2")"); } # WHAT RESULT

step() { # TITLE
  step_number=$((step_number + 1))
  step_title="$step_number. $1"
  printf '\n== %s %s\n' "$(date --utc +%T)" "$step_title" >&2
}

# Runs a command and notes how long it took.
timed() { # WHAT COMMAND...
  local what=$1 began=$EPOCHREALTIME
  shift
  "$@" >&2 || die "expected success of: $*"
  note "$what" "$(seconds "$began") s"
}

# Tries until it succeeds.
until_ok() { # SECONDS EXPECTATION COMMAND...
  local end=$((SECONDS + $1)) expectation=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || die "expected within time: $expectation" "$("$@" 2>&1 | tail -n 5 || true)"
    sleep 0.2
  done
}

# Runs a function while identity providers go on, and wants every one of their requests answered as it should be.
under_load() { # TITLE FUNCTION
  local began=$EPOCHREALTIME log load result=0
  step "$1, under load"
  log=$work/load-$step_number.log
  "$scim_load" --tenant-url "$tenant_url" --root-certificate "$CA_FILE" ${INGRESS_ADDRESS:+--address "$INGRESS_ADDRESS"} \
    --workers "$LOAD_WORKERS" --rate "$LOAD_RATE" >"$log" 2>&1 &
  load=$!
  load_process=$load
  sleep 5
  kill -0 "$load" 2>/dev/null || die "expected the load to run" "$(cat "$log")"
  "$2"
  sleep 10
  kill -TERM "$load" 2>/dev/null || true
  wait "$load" || result=$?
  load_process=
  sed 's/^/   | /' "$log" | cut -c1-400 | tail -n 40 >&2
  local line
  line=$(grep -o '[0-9]* requests answered.*' "$log" || echo "the load ended early")
  if ((result == 0)); then
    note "$1" "$line"
  else
    cp "$log" "$OUTPUT/load-$step_number.log"
    complain "expected no failed request; $OUTPUT/load-$step_number.log has those that failed"
    note "$1" "FAILED: $line"
  fi
  say "took $(seconds "$began") s"
  token_is_the_same
}

print_summary() {
  printf '\n%s\n' "------------------------------------------------------------------------"
  ((${#summary[@]} == 0)) || printf '%s\n' "${summary[@]}"
}
