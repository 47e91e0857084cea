{% macro to_email(sql, meta) -%}
  {%- set address = replaced('lower(' ~ sql ~ ')', '^mailto:', '') -%}
  case when {{ matches(address, "^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*[.][a-z]{2,}$") }}
    and not {{ matches(address, '[.][.]|^[.]|[.]@') }} then {{ address }} end
{%- endmacro %}
