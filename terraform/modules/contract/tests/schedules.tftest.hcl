variables {
  name                      = "ks"
  site_names                = ["east", "west"]
  tick_minutes              = 30
  export_minutes            = { shop = 15 }
  scheduler_minimum_minutes = 60
}

run "a_finer_interval_becomes_staggered_schedules" {
  command = plan

  assert {
    condition = { for name, schedule in output.schedules : name => schedule.cron } == {
      tick-0        = "15 * * * *"
      tick-1        = "45 * * * *"
      export-shop-0 = "0 * * * *"
      export-shop-1 = "15 * * * *"
      export-shop-2 = "30 * * * *"
      export-shop-3 = "45 * * * *"
    }
    error_message = "Every interval below the scheduler's minimum is to become schedules of that minimum, one interval apart."
  }
}

run "where_the_scheduler_takes_less_one_schedule_is_enough" {
  command = plan

  variables {
    scheduler_minimum_minutes = 5
  }

  assert {
    condition = { for name, schedule in output.schedules : name => schedule.cron } == {
      tick-0        = "15,45 * * * *"
      export-shop-0 = "0,15,30,45 * * * *"
    }
    error_message = "One schedule is to list its minutes where the scheduler takes intervals this short."
  }
}

run "longer_intervals_list_their_hours" {
  command = plan

  variables {
    tick_minutes   = 120
    export_minutes = { shop = 1440 }
  }

  assert {
    condition = { for name, schedule in output.schedules : name => schedule.cron } == {
      tick-0        = "0 1,3,5,7,9,11,13,15,17,19,21,23 * * *"
      export-shop-0 = "0 0 * * *"
    }
    error_message = "An interval above an hour is to list its hours."
  }
}

run "a_scheduler_of_whole_days_still_serves_six_hours" {
  command = plan

  variables {
    export_minutes            = { shop = 360 }
    tick_minutes              = 720
    scheduler_minimum_minutes = 1440
  }

  assert {
    condition = { for name, schedule in output.schedules : name => schedule.cron } == {
      tick-0        = "0 6 * * *"
      tick-1        = "0 18 * * *"
      export-shop-0 = "0 0 * * *"
      export-shop-1 = "0 6 * * *"
      export-shop-2 = "0 12 * * *"
      export-shop-3 = "0 18 * * *"
    }
    error_message = "Four daily schedules are to stand for every six hours."
  }
}

run "every_schedule_says_what_is_asked_for" {
  command = plan

  assert {
    condition = alltrue([
      jsondecode(output.schedules["tick-0"].body) == { action = "tick" },
      jsondecode(output.schedules["export-shop-3"].body) == { action = "export", group = "shop", origin = "timer" },
    ])
    error_message = "The body of a schedule is to be the call that the function understands."
  }
}
