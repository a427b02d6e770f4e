# The Resource Scheduler's console offers nothing finer than an hour, and no document says that its cron does. So an
# interval below `scheduler_minimum_minutes` becomes several schedules of that minimum, staggered by the interval.
locals {
  # A tick comes half an interval after a round export: then it finds what that export's events left undone.
  timers = merge(
    { tick = { minutes = var.tick_minutes, shift = floor(var.tick_minutes / 2), body = jsonencode({ action = "tick" }) } },
    {
      for group, minutes in var.export_minutes : "export-${group}" => {
        minutes = minutes
        shift   = 0
        body    = jsonencode({ action = "export", group = group, origin = "timer" })
      }
    },
  )

  periods = { for name, timer in local.timers : name => max(timer.minutes, var.scheduler_minimum_minutes) }

  starts = {
    for name, timer in local.timers : name => [
      for turn in range(local.periods[name] / timer.minutes) : turn * timer.minutes + timer.shift
    ]
  }

  schedules = merge([
    for name, timer in local.timers : {
      for turn, start in local.starts[name] : "${name}-${turn}" => {
        timer = name
        body  = timer.body
        cron  = "${local.minute_fields["${name}-${turn}"]} ${local.hour_fields["${name}-${turn}"]} * * *"
      }
    }
  ]...)

  # Lists of moments instead of steps and ranges: the part of cron that every scheduler reads alike.
  minute_fields = merge([
    for name, timer in local.timers : {
      for turn, start in local.starts[name] : "${name}-${turn}" => (
        local.periods[name] >= 60 ? tostring(start % 60) : join(",", [
          for minute in range(60) : minute if(minute + 60 - start) % local.periods[name] == 0
        ])
      )
    }
  ]...)

  hour_fields = merge([
    for name, timer in local.timers : {
      for turn, start in local.starts[name] : "${name}-${turn}" => (
        local.periods[name] <= 60 ? "*" : join(",", [
          for hour in range(24) : hour if(hour + 24 - floor(start / 60)) % (local.periods[name] / 60) == 0
        ])
      )
    }
  ]...)
}
