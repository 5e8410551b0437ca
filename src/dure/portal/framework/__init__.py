"""What every chapter uses of Django in the same way: state columns, refusals as HTTP, lists, exports, API answers."""
