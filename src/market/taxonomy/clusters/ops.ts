import { defineCluster } from '../define-cluster.ts';

export const ops = defineCluster({
  slug: 'ops',
  name: 'Operations',
  description: 'Keeping systems and calendars running: logs, schedules, configuration.',
  tags: [
    {
      slug: 'log-analysis',
      name: 'Log analysis',
      description: 'Find which service failed first, when, and how often, in an application log.',
    },
    {
      slug: 'scheduling',
      name: 'Scheduling',
      description: 'Find the earliest slot and room that suit everybody on a busy day.',
    },
    {
      slug: 'cron-expressions',
      name: 'Cron expressions',
      description: 'Turn schedules written in words into five-field cron expressions.',
    },
    {
      slug: 'config-review',
      name: 'Configuration review',
      description: 'Check a configuration file against a policy and list every violation.',
    },
  ],
});
