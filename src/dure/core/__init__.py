"""The words every room uses: text, money, node-seconds, periods, lifecycles, conditions, errors, canonical JSON."""
