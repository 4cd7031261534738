mkdir -p "$state" || exit 1
chmod 700 "$state"
if [ -e "$state/finished" ]; then
  say "everything was done before"
  exit 0
fi
